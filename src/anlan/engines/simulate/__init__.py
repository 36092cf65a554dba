"""A city's units answering its calls, event by event: priorities, queue, pre-emption, several units, shifts, moves.

`world` says what is simulated, `fast` runs it, `reference` is the plain twin it must equal event for event, `policies`
hold one way each to choose bases and moves, `study` repeats and compares. Times are whole milliseconds; chance is in
the calls that are given, never in here.
"""
