"""The flow `campaign` (专项行动), of the campaign itself and of each unit's task in it: given out, accepted, worked on,
reported, verified.

Whoever leads a campaign opens a task for each unit (a child), and ends it when every task is closed.
"""

from anlan.loop.callback import OUTCOMES
from anlan.loop.deadlines import ClockSpec
from anlan.loop.flow import Field, Flow, Limits, Move, Stage

NOTE = Field("note", "text")
NOTE_OPTIONAL = Field("note", "text", required=False)
FILES = Field("files", "files", required=False)
UNIT = Field("unit", "unit")
WORKING = ("assigned", "acting")
OPEN = ("planned", *WORKING, "verifying", "calling")
TASKS_MAX = 60
DAYS = 100
"""百日: the length of a task whose campaign does not say."""

CAMPAIGN = Flow(
    key="campaign",
    stages=(
        Stage("planned", "waiting", "assign"),
        Stage("assigned", "waiting", "accept"),
        Stage("acting", "working", "act"),
        Stage("verifying", "waiting", "verify"),
        Stage("calling", "calling", "call"),
        Stage("closed", "closed"),
    ),
    moves=(
        Move("assign", ("planned",), "assign", "campaign", "assigned", (UNIT, NOTE_OPTIONAL), main=True),
        Move("accept", ("assigned",), "accept", "act", "acting", main=True),
        Move("progress", ("acting",), "progress", "act", needs=(NOTE, FILES)),
        Move("report", ("acting",), "report", "act", "verifying", (NOTE, FILES), main=True),
        Move("end", WORKING, "report", "campaign", "verifying", (NOTE, FILES)),
        Move("verify", ("verifying",), "verify", "verify", "calling", (NOTE_OPTIONAL,), stops=("matter",), main=True),
        Move("send_back", ("verifying",), "send_back", "verify", "acting", (NOTE,)),
        Move(
            "open_child",
            WORKING,
            "open_child",
            "campaign",
            needs=(UNIT, NOTE, Field("category", "category", required=False)),
        ),
        Move(
            "call_back",
            ("calling",),
            "call_back",
            "call_back",
            needs=(Field("receipt", "receipt"), Field("outcome", "code", options=OUTCOMES), NOTE_OPTIONAL),
        ),
        Move("remind", OPEN, "remind", "oversee", needs=(NOTE_OPTIONAL,)),
        Move("note", OPEN, "note", "note", needs=(NOTE, FILES)),
        Move("reopen", ("closed",), "reopen", "reopen", "assigned", (NOTE,)),
    ),
    clocks=(
        ClockSpec("matter", DAYS * 1440, "natural_minutes"),
        ClockSpec("assign", 1, "work_days"),
        ClockSpec("accept", 1, "work_days"),
        ClockSpec("act", DAYS * 1440, "natural_minutes"),
        ClockSpec("verify", 3, "work_days"),
        ClockSpec("call", 2, "work_days"),
    ),
    calling="calling",
    closed="closed",
    reopens_to="assigned",
    limits=Limits(children_max=TASKS_MAX),
)
