"""Who may do what in a campaign, as a table. What is not here is refused."""

from anlan.loop.grants import Grant

OWN = ("own",)
OWN_AND_BELOW = ("own", "below")

GRANTS = (
    Grant("dispatcher", ("see", "campaign")),
    Grant("officer", ("see", "act", "note"), OWN),
    Grant("chief", ("see", "act", "verify", "note", "campaign"), OWN_AND_BELOW),
    Grant("overseer", ("see", "verify", "oversee", "note", "reopen", "campaign")),
    Grant("callback", ("call_back",)),
    Grant("citizen", ("rate",)),
)
