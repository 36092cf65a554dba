"""Campaigns (专项行动): waves and sweeps as a matter with a task for each unit, a plan that is sealed until it begins,
and patrols of volunteers (群防群治) against what each stretch needs.
"""

from anlan.domains.campaign.flow import CAMPAIGN
from anlan.domains.campaign.grants import GRANTS
from anlan.domains.campaign.measures import MEASURES
from anlan.domains.campaign.pages import PAGE_ROUTES, PAGES
from anlan.loop.domain import Domain

DOMAIN = Domain(
    key="campaign",
    flows=(CAMPAIGN,),
    grants=GRANTS,
    measures=MEASURES,
    pages=PAGES,
    page_routes=PAGE_ROUTES,
    order=3,
)
