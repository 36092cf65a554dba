"""Who may do what in command, as a table. What is not here is refused.

A dispatcher sends any unit of the city. Whoever rides in a unit tells its own way, to the matters it was sent to and to
no other. Nobody who handles an incident calls its reporters back.
"""

from anlan.loop.grants import SENT, Grant

OWN = ("own",)
OWN_AND_BELOW = ("own", "below")
DISPATCHING = ("receive", "see", "search", "note", "classify", "merge", "send", "respond", "debrief", "read_contact")

GRANTS = (
    Grant("dispatcher", DISPATCHING, up_to="sensitive"),
    Grant("dispatcher", ("board", "deploy")),
    Grant("officer", ("see", "respond", "debrief", "note", "read_contact"), (SENT,), "sensitive"),
    Grant("officer", ("debrief",), OWN, "sensitive"),
    Grant("officer", ("assist",), ("assist",), "sensitive"),
    Grant("officer", ("ride",)),
    Grant("chief", ("debrief", "verify", "forward"), OWN_AND_BELOW, "sensitive"),
    Grant("chief", ("board", "deploy"), OWN_AND_BELOW),
    Grant("overseer", ("oversee", "verify", "forward", "reopen"), up_to="restricted"),
    Grant("overseer", ("board", "deploy")),
    Grant("callback", ("call_back",), up_to="restricted"),
    Grant("citizen", ("rate",), up_to="restricted"),
    Grant("tracker", ("track",)),
)
