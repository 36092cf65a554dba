"""The hotline's figures. Each is a sum of roll-up counters, or a share of two; its formula is a string of its own."""

from anlan.loop.domain import Measure

MEASURES = (
    Measure("received", over="received"),
    Measure("merged_in", over="joined"),
    Measure("accepted_in_time", over="accepted", of="accepted_in_time"),
    Measure("finished_in_time", over="finished", of="finished_in_time"),
    Measure("returned", over="assigned", of="returned"),
    Measure("reopened", over="closed", of="reopened"),
    Measure("calls", over="called"),
    Measure("answered", over="called", of="answered"),
    Measure("solved", over="asked_solved", of="solved"),
    Measure("satisfied", over="answered", of="satisfied"),
    Measure("closed", over="closed"),
)
