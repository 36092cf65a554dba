"""Two flows: `appeal` (诉求: complaint, request, report) and `notice` (案件告知: the call-back after a case notice).

Clocks are Shandong's rules for government hotlines (2020): 5 working days to answer, extension of at most 10, return
within 2 with a reason; two working hours to accept is the bureau's own.
"""

from anlan.loop.callback import OUTCOMES
from anlan.loop.deadlines import ClockSpec
from anlan.loop.flow import Field, Flow, Limits, Move, Stage

NOTE = Field("note", "text")
NOTE_OPTIONAL = Field("note", "text", required=False)
FILES = Field("files", "files", required=False)
RETURN_REASONS = ("not_our_area", "not_our_work", "place_wrong", "duplicate", "needs_other_unit")
HOLD_REASONS = ("awaiting_reporter", "awaiting_other_authority", "awaiting_appraisal", "weather")

WORKING = ("assigned", "acting")
OPEN = ("received", *WORKING, "verifying", "calling")
CALL_BACK = (
    Field("receipt", "receipt"),
    Field("outcome", "code", options=OUTCOMES),
    Field("solved", "bool", required=False),
    NOTE_OPTIONAL,
)
RATE = (Field("receipt", "receipt"), Field("rating", "int", minimum=1, maximum=5), NOTE_OPTIONAL)

OVERSIGHT = (
    Move("remind", OPEN, "remind", "oversee", needs=(NOTE_OPTIONAL,)),
    Move("escalate", OPEN, "escalate", "oversee", needs=(NOTE,)),
    Move("take_over", WORKING, "take_over", "take_over", target="acting", needs=(NOTE,)),
)

APPEAL = Flow(
    key="appeal",
    stages=(
        Stage("received", "waiting", "assign"),
        Stage("assigned", "waiting", "accept"),
        Stage("acting", "working", "act"),
        Stage("verifying", "waiting", "verify"),
        Stage("calling", "calling", "call"),
        Stage("closed", "closed"),
    ),
    moves=(
        Move(
            "assign",
            ("received",),
            "assign",
            "assign",
            "assigned",
            (Field("unit", "unit"), Field("assists", "units", required=False), NOTE_OPTIONAL),
            starts=("return",),
            main=True,
            undo=True,
        ),
        Move("accept", ("assigned",), "accept", "act", "acting", stops=("return",), main=True, undo=True),
        Move(
            "report",
            ("acting",),
            "report",
            "act",
            "verifying",
            (NOTE, Field("solved", "bool", required=False), FILES),
            main=True,
            undo=True,
        ),
        Move(
            "verify",
            ("verifying",),
            "verify",
            "verify",
            "calling",
            (NOTE_OPTIONAL,),
            stops=("matter",),
            main=True,
            undo=True,
        ),
        Move("call_back", ("calling",), "call_back", "call_back", needs=CALL_BACK, main=True),
        Move(
            "return",
            ("assigned",),
            "return",
            "act",
            "received",
            (Field("reason", "code", options=RETURN_REASONS), NOTE, FILES),
            stops=("return",),
            undo=True,
        ),
        Move(
            "forward",
            WORKING,
            "forward",
            "forward",
            "assigned",
            (Field("unit", "unit"), NOTE),
            starts=("return",),
            undo=True,
        ),
        Move("progress", ("acting",), "progress", "act", needs=(NOTE, FILES)),
        Move(
            "hold",
            ("acting",),
            "hold",
            "act",
            needs=(Field("reason", "code", options=HOLD_REASONS), NOTE_OPTIONAL),
            undo=True,
        ),
        Move("resume", ("acting",), "resume", "act", needs=(NOTE_OPTIONAL,), undo=True),
        Move(
            "ask_extension",
            ("acting",),
            "ask_extension",
            "act",
            needs=(Field("days", "int", minimum=1, maximum=10), NOTE),
            undo=True,
        ),
        Move(
            "extend",
            WORKING,
            "extend",
            "approve",
            needs=(Field("days", "int", required=False, minimum=1, maximum=10), NOTE_OPTIONAL),
        ),
        Move("refuse_extension", WORKING, "refuse_extension", "approve", needs=(NOTE,)),
        Move("ask_assist", WORKING, "assist", "act", needs=(Field("unit", "unit"), NOTE), undo=True),
        Move("accept_assist", WORKING, "assist_accept", "assist"),
        Move("report_assist", WORKING, "assist_report", "assist", needs=(NOTE, FILES)),
        Move(
            "open_child",
            WORKING,
            "open_child",
            "act",
            needs=(Field("unit", "unit"), NOTE, Field("category", "category", required=False)),
        ),
        Move("classify", OPEN, "classify", "classify", needs=(Field("category", "category"),), undo=True),
        Move("send_back", ("verifying",), "send_back", "verify", "acting", (NOTE,), undo=True),
        *OVERSIGHT,
        Move("note", OPEN, "note", "note", needs=(NOTE, FILES)),
        Move("rate", ("calling", "closed"), "rate", "rate", needs=RATE),
        Move("reopen", ("closed",), "reopen", "reopen", "assigned", (NOTE,), starts=("matter",)),
    ),
    clocks=(
        ClockSpec("matter", 5, "work_days"),
        ClockSpec("assign", 30, "work_minutes"),
        ClockSpec("accept", 120, "work_minutes"),
        ClockSpec("return", 2, "work_days"),
        ClockSpec("act", 4, "work_days"),
        ClockSpec("verify", 1, "work_days"),
        ClockSpec("call", 2, "work_days"),
    ),
    calling="calling",
    closed="closed",
    reopens_to="assigned",
    limits=Limits(extension_days_max=10, returns_max=2, callback_attempts_max=3, reopens_max=2),
)

NOTICE = Flow(
    key="notice",
    stages=(Stage("calling", "calling", "call"), Stage("explaining", "working", "explain"), Stage("closed", "closed")),
    moves=(
        Move("call_back", ("calling",), "call_back", "call_back", needs=CALL_BACK, main=True),
        Move("explain", ("explaining",), "report", "act", "calling", (NOTE, FILES), stops=("matter",), main=True),
        Move("forward", ("explaining",), "forward", "forward", "explaining", (Field("unit", "unit"), NOTE)),
        Move("remind", ("calling", "explaining"), "remind", "oversee", needs=(NOTE_OPTIONAL,)),
        Move("note", ("calling", "explaining"), "note", "note", needs=(NOTE, FILES)),
        Move("rate", ("calling", "closed"), "rate", "rate", needs=RATE),
        Move("reopen", ("closed",), "reopen", "reopen", "explaining", (NOTE,), starts=("matter",)),
    ),
    clocks=(
        ClockSpec("matter", 5, "work_days"),
        ClockSpec("call", 3, "work_days"),
        ClockSpec("explain", 2, "work_days"),
    ),
    calling="calling",
    closed="closed",
    reopens_to="explaining",
)
