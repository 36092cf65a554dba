"""Which unit to send: exact arrival times, run cards, what sending one leaves uncovered, many incidents at once.

A person decides; the engine ranks, says why, and keeps what it was given. Units are vehicles and places, never people.
"""
