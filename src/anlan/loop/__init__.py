"""The kernel: matters, facts, flows, deadlines, the ledger's arithmetic. Pure: no clock, no chance, no I/O."""
