"""Where units should wait: location models, each with a proven bound beside its answer.

`expected_cover` (MCLP and MEXCLP), `p_median`, `p_center` and `set_cover` (LSCP) place units; `demand` makes the
surface they are placed for from counts of past calls; `shifts` says how many are needed when. Places and calls only.
"""
