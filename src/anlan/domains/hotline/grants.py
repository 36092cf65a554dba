"""Who may do what in the hotline, as a table. What is not here is refused.

Sensitive matters are for whoever works on them; their reporters only for the unit that leads. Restricted ones are for
the chief of the unit that leads and for those who watch over it; an operator sees them until a unit has them.
"""

from anlan.loop.grants import Grant

OWN = ("own",)
OWN_AND_BELOW = ("own", "below")
ASSIST = ("assist",)
HANDLING = ("see", "act", "note", "classify")
LEADING = (*HANDLING, "forward", "verify", "search")

GRANTS = (
    Grant("operator", ("receive", "assign", "classify", "merge", "note", "see", "search"), up_to="sensitive"),
    Grant("operator", ("assign", "classify", "note", "see"), ("unassigned",), "restricted"),
    Grant("operator", ("act",), OWN, "sensitive"),
    Grant("officer", (*HANDLING, "search", "read_contact"), OWN, "sensitive"),
    Grant("officer", ("see", "assist", "note"), ASSIST, "sensitive"),
    Grant("chief", LEADING, OWN_AND_BELOW, "sensitive"),
    Grant("chief", LEADING, OWN, "restricted"),
    Grant("chief", ("read_contact",), OWN_AND_BELOW),
    Grant("chief", ("read_contact",), OWN, "restricted"),
    Grant("chief", ("see", "assist"), ASSIST, "restricted"),
    Grant("chief", ("measure", "report", "share")),
    Grant(
        "overseer",
        ("see", "search", "oversee", "take_over", "approve", "verify", "forward", "reopen", "merge", "note"),
        up_to="restricted",
    ),
    Grant("overseer", ("assign", "classify", "read_contact", "read_confidential"), up_to="restricted"),
    Grant("overseer", ("measure", "report", "review", "share")),
    Grant(
        "callback",
        ("see", "search", "call_back", "reopen", "note", "read_contact", "read_confidential"),
        up_to="restricted",
    ),
    Grant("auditor", ("see", "search", "audit", "measure"), up_to="restricted"),
    Grant("citizen", ("rate",), up_to="restricted"),
    Grant("exchange", ("telephone",)),
    Grant("partner", ("receive", "note")),
    Grant("subscriber", ("see",), OWN_AND_BELOW),
    Grant("subscriber", ("see",), ASSIST),
    Grant("system", ("receive", "load")),
)
