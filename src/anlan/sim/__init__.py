"""The living city: seeded people who use Anlan as people do, through the API and the public pages and nothing else.

Read `town` (what they share), then any actor: `citizen`, `operator`, `case_system`, `officer`, `assistant`, `overseer`,
`desk`. Each is one policy: what it does with what it sees, how long it takes, how often it errs.
"""
