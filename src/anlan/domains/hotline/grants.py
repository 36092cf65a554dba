"""Who may do what in the hotline, as a table. What is not here is refused."""

from anlan.loop.grants import Grant

OWN = ("own",)
OWN_AND_BELOW = ("own", "below")

GRANTS = (
    Grant(
        "operator",
        ("receive", "assign", "classify", "merge", "note", "see", "search"),
    ),
    Grant("operator", ("act",), OWN),
    Grant("officer", ("see", "act", "note", "classify"), OWN),
    Grant("officer", ("see", "assist", "note"), ("assist",)),
    Grant("officer", ("search", "read_contact"), OWN),
    Grant("chief", ("see", "act", "note", "classify", "forward", "verify", "read_contact", "search"), OWN_AND_BELOW),
    Grant("chief", ("see", "assist"), ("assist",)),
    Grant(
        "overseer", ("see", "search", "oversee", "take_over", "approve", "verify", "forward", "reopen", "merge", "note")
    ),
    Grant("overseer", ("assign", "classify", "measure", "review", "read_contact", "share")),
    Grant("chief", ("measure", "share")),
    Grant("callback", ("see", "search", "call_back", "reopen", "note", "read_contact")),
    Grant("auditor", ("see", "search", "audit", "measure")),
    Grant("citizen", ("rate",)),
    Grant("exchange", ("telephone",)),
    Grant("partner", ("receive", "note")),
    Grant("subscriber", ("see",), OWN_AND_BELOW),
    Grant("system", ("receive", "load")),
)
