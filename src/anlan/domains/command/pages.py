"""Command's pages: their addresses, and their places in the rail."""

from anlan.domains.command.pages_board import board_page, calls, card, live, rank, send, tell_way
from anlan.domains.command.pages_call import call_page, take
from anlan.domains.command.pages_response import RESPONSE_ROUTES
from anlan.domains.command.pages_standby import STANDBY_ROUTES
from anlan.domains.command.pages_unit import UNIT_ROUTES
from anlan.domains.command.pages_units import change, unit_board
from anlan.loop.domain import Page

PAGES = (
    Page("board", "/command", "board"),
    Page("units", "/command/units", "board"),
    Page("call", "/command/call", "send"),
    Page("unit", "/unit", "ride"),
    Page("standby", "/command/standby", "deploy"),
    Page("response", "/command/response", "measure"),
)
PAGE_ROUTES = (
    *(board_page, calls, card, rank, live, send, tell_way, call_page, take, unit_board, change),
    *UNIT_ROUTES,
    *RESPONSE_ROUTES,
    *STANDBY_ROUTES,
)
