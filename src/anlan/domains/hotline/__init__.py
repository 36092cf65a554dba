"""The supervision hotline 968110 (民生诉求): complaints, requests, reports, and the call-back everyone gets.

The exemplary domain: to write another, read this folder and run `anlan new-domain NAME`.
"""

from anlan.domains.hotline.flow import APPEAL, NOTICE
from anlan.domains.hotline.grants import GRANTS
from anlan.domains.hotline.intakes import CHANNELS
from anlan.domains.hotline.measures import MEASURES
from anlan.domains.hotline.notices import NOTICES
from anlan.loop.domain import Domain

DOMAIN = Domain(
    key="hotline",
    flows=(APPEAL, NOTICE),
    grants=GRANTS,
    channels=CHANNELS,
    measures=MEASURES,
    notices=NOTICES,
    order=1,
)
