"""The ways an incident comes in: the 110 desk, the exchange of another service, an alarm's own place, a city's system,
and what another line of work asks a unit for. Each a table of outside names (see `app.adapter`)."""

from __future__ import annotations

from anlan.app.adapter import Adapter, names
from anlan.loop.domain import Channel

CALL = names(outside_id="call_id", phone="caller", urgency="urgency")
ALARM = names(outside_id="alarm_id", text="text", urgency="urgency")
ADAPTERS = (
    Adapter("call_110", CALL, flow="incident"),
    Adapter("command_partner", names(outside_id="incident_no", urgency="urgency"), system="gcj02", flow="incident"),
    Adapter("alarm", ALARM, flow="incident"),
    Adapter("cap", names(outside_id="identifier", urgency="urgency"), flow="incident"),
)
CHANNELS = tuple(Channel(a.channel, a, urgent=True) for a in ADAPTERS)
