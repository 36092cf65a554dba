"""The flow `incident` (警情): received, units sent, on scene, reported, verified, called back.

The matter's own clock is the limit to be there (城区 5 minutes, elsewhere 10: see `rules`); the first unit there stops
it. Half an hour for a report after the last unit has left, a day to verify, two to call back.
"""

from anlan.engines.dispatch.recommend import REASONS
from anlan.loop.callback import OUTCOMES
from anlan.loop.deadlines import ClockSpec
from anlan.loop.flow import Field, Flow, Limits, Move, Stage

WITHDRAWN = ("cancelled", "diverted", "unit_declined", "handed_over", "false_alarm")
NOTE = Field("note", "text")
NOTE_OPTIONAL = Field("note", "text", required=False)
FILES = Field("files", "files", required=False)
UNIT = Field("unit", "code", length_max=40)
AT = Field("at", "number", required=False)
BOARD = "/command?incident={number}"
"""Units are sent and followed on the dispatch screen."""
URGENCY = Field("urgency", "int", required=False, minimum=1, maximum=4)

OUT = ("sent", "on_scene")
LIVE = ("received", *OUT, "reporting")
OPEN = (*LIVE, "verifying", "calling")

INCIDENT = Flow(
    key="incident",
    stages=(
        Stage("received", "waiting", "send"),
        Stage("sent", "working", "way"),
        Stage("on_scene", "working", "scene"),
        Stage("reporting", "working", "report"),
        Stage("verifying", "waiting", "verify"),
        Stage("calling", "calling", "call"),
        Stage("closed", "closed"),
    ),
    moves=(
        Move(
            "send",
            LIVE,
            "send",
            "send",
            "sent",
            (UNIT, Field("reason", "code", options=REASONS), NOTE_OPTIONAL),
            main=True,
            page=BOARD,
        ),
        Move("set_out", OUT, "set_out", "respond", needs=(UNIT, AT), page=BOARD),
        Move("arrive", OUT, "arrive", "respond", "on_scene", (UNIT, AT), stops=("matter",), page=BOARD),
        Move("clear", OUT, "clear", "respond", "reporting", (UNIT, AT), page=BOARD),
        Move(
            "withdraw",
            OUT,
            "withdraw",
            "respond",
            "reporting",
            (UNIT, Field("reason", "code", options=WITHDRAWN), NOTE_OPTIONAL),
            page=BOARD,
        ),
        Move(
            "report",
            ("received", "reporting"),
            "report",
            "debrief",
            "verifying",
            (NOTE, Field("solved", "bool", required=False), FILES),
            stops=("matter",),
            main=True,
        ),
        Move("verify", ("verifying",), "verify", "verify", "calling", (NOTE_OPTIONAL,), main=True),
        Move("send_back", ("verifying",), "send_back", "verify", "reporting", (NOTE,)),
        Move(
            "call_back",
            ("calling",),
            "call_back",
            "call_back",
            needs=(
                Field("receipt", "receipt"),
                Field("outcome", "code", options=OUTCOMES),
                Field("solved", "bool", required=False),
                NOTE_OPTIONAL,
            ),
            main=True,
        ),
        Move("classify", LIVE, "classify", "classify", needs=(Field("category", "category"), URGENCY)),
        Move("forward", ("received", "reporting"), "forward", "forward", needs=(Field("unit", "unit"), NOTE)),
        Move("ask_assist", LIVE, "assist", "send", needs=(Field("unit", "unit"), NOTE)),
        Move("accept_assist", LIVE, "assist_accept", "assist"),
        Move("report_assist", LIVE, "assist_report", "assist", needs=(NOTE, FILES)),
        Move("remind", OPEN, "remind", "oversee", needs=(NOTE_OPTIONAL,)),
        Move("escalate", OPEN, "escalate", "oversee", needs=(NOTE,)),
        Move("note", OPEN, "note", "note", needs=(NOTE, FILES)),
        Move(
            "rate",
            ("calling", "closed"),
            "rate",
            "rate",
            needs=(Field("receipt", "receipt"), Field("rating", "int", minimum=1, maximum=5), NOTE_OPTIONAL),
        ),
        Move("reopen", ("closed",), "reopen", "reopen", "reporting", (NOTE,)),
    ),
    clocks=(
        ClockSpec("matter", 10, "natural_minutes"),
        ClockSpec("send", 1, "natural_minutes"),
        ClockSpec("way", 10, "natural_minutes"),
        ClockSpec("scene", 60, "natural_minutes"),
        ClockSpec("report", 30, "natural_minutes"),
        ClockSpec("verify", 1440, "natural_minutes"),
        ClockSpec("call", 2, "work_days"),
    ),
    calling="calling",
    closed="closed",
    reopens_to="reporting",
    limits=Limits(callback_attempts_max=3),
)
