"""Command (情指行一体化): calls become incidents, the right unit goes by road time, units wait where calls come.

The engines are `engines.travel`, `engines.dispatch`, `engines.deployment`, `engines.simulate`, `engines.larson`.
"""

from anlan.domains.command.api import API_ROUTES
from anlan.domains.command.dispatch import completes, prepared
from anlan.domains.command.flow import INCIDENT
from anlan.domains.command.grants import GRANTS
from anlan.domains.command.intakes import CHANNELS
from anlan.domains.command.interop import INTEROP_ROUTES
from anlan.domains.command.keeping import keeping
from anlan.domains.command.measures import MEASURES
from anlan.domains.command.pages import PAGE_ROUTES, PAGES
from anlan.domains.command.pages_standby import STANDBY_API
from anlan.loop.domain import Domain

DOMAIN = Domain(
    key="command",
    flows=(INCIDENT,),
    grants=GRANTS,
    channels=CHANNELS,
    measures=MEASURES,
    pages=PAGES,
    page_routes=PAGE_ROUTES,
    api_routes=(*API_ROUTES, *INTEROP_ROUTES, *STANDBY_API),
    prepares=prepared,
    completes=completes,
    begins=keeping,
    order=2,
)
