"""The kernel: matters, facts, flows, deadlines, the ledger's arithmetic. Pure; no clock, no randomness, no input or output."""
