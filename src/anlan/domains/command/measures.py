"""The figures of command. Times to be there, by type and district, are `response`: they are no ratio of two counts."""

from anlan.loop.domain import Measure

MEASURES = (
    Measure("incidents", "received"),
    Measure("calls_folded", "joined"),
    Measure("there_in_time", "finished", "finished_in_time"),
    Measure("incidents_closed", "closed"),
)
