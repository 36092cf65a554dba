"""What a reporter is told, and when. Nobody is told of a call-back after a case notice: they are called."""

from anlan.loop.domain import Notice

NOTICES = (
    Notice("received", "received", ("appeal",)),
    Notice("joined", "joined", ("appeal",)),
    Notice("assigned", "moved", ("appeal",)),
    Notice("forwarded", "moved", ("appeal",)),
    Notice("extended", "due", ("appeal",)),
    Notice("verified", "rate", ("appeal",)),
    Notice("called_back", "missed", ("appeal", "notice"), outcome="unreachable"),
    Notice("closed", "closed", ("appeal",)),
    Notice("reopened", "reopened", ("appeal",)),
)
