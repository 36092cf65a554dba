"""The kernel: matters, facts, flows, deadlines, the ledger's arithmetic. Pure: no clock, no chance, no input, no output."""
