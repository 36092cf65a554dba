"""The figures of campaigns: tasks given out and brought to an end. What was checked, the campaign's own page counts."""

from anlan.loop.domain import Measure

MEASURES = (
    Measure("campaigns", "received"),
    Measure("tasks_reported", "reported"),
)
