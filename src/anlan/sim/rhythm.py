"""When a city speaks: how an hour and a weekday compare with the average, and by which ways people come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR_MS = 3_600_000
CITY = timedelta(hours=8)
SATURDAY = 5

CITIZENS = (
    0.35, 0.25, 0.18, 0.15, 0.15, 0.25, 0.5, 0.9, 1.45, 1.75, 1.8, 1.55,
    1.1, 1.15, 1.5, 1.6, 1.55, 1.4, 1.25, 1.2, 1.2, 1.15, 0.95, 0.67,
)  # fmt: skip
"""Reports by hour of the day; they average 1. A morning and an afternoon hill, and noise at night."""
OFFICE = (0, 0, 0, 0, 0, 0, 0, 0.4, 2.4, 3.4, 3.4, 2.4, 0.8, 1.4, 3.0, 3.2, 2.2, 1.0, 0.4, 0, 0, 0, 0, 0)
"""Case notices leave with the office day."""
WEEK = (1.12, 1.08, 1.04, 1.03, 1.06, 0.87, 0.8)
OFFICE_WEEK = (1.1, 1.05, 1.0, 1.0, 1.0, 0.95, 0.9)

CHANNELS = {
    "call_968110": 46.0, "transfer_12345": 14.0, "transfer_110": 9.0, "wechat": 6.0, "mobile": 5.0, "web": 5.0,
    "visit": 3.0, "service_window": 2.5, "letter": 1.5, "sms": 1.5, "email": 1.0, "open311": 1.0, "petition": 1.0,
    "mayor_mailbox": 1.0, "chief_mailbox": 0.8, "partner": 0.6, "inspection": 0.4, "media": 0.3, "deputies": 0.2,
    "import": 0.2,
}  # fmt: skip
"""The ways in, by share; case notices come by the twenty-first."""


def city_time(at: int) -> datetime:
    """The city's own clock at a UTC millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC) + CITY


def pace(hours: tuple[float, ...], week: tuple[float, ...], at: int) -> float:
    """How busy it is now, 1 on average."""
    local = city_time(at)
    return hours[local.hour] * week[local.weekday()]


def office_wait(at: int) -> int:
    """How long (ms) until an office takes up something new: Monday to Friday, 8:30 to 17:00."""
    local = city_time(at)
    opens = local.replace(hour=8, minute=30, second=0, microsecond=0)
    if local.weekday() < SATURDAY and opens <= local < opens.replace(hour=17):
        return 0
    while opens <= local or opens.weekday() >= SATURDAY:
        opens += timedelta(days=1)
    return round((opens - local).total_seconds() * 1000)
