"""The 21 declared channels, each an adapter: a table of outside names (see `app.adapter`)."""

from __future__ import annotations

from anlan.app.adapter import STANDARD, Adapter, names
from anlan.loop.domain import Channel

PUBLIC_FORM = {inner: outer for inner, outer in STANDARD.items() if inner not in {"unit", "category"}}
PAPER = names(outside_id="register_no", text="content")
CALL = names(outside_id="call_id", phone="caller")
INCIDENT = names(outside_id="incident_no", text="content", phone="caller")
ORDER = names(outside_id="order_no", text="content", name="citizen", phone="contact")
EMAIL = {"outside_id": "message_id", "title": "subject", "text": "body", "email": "from"}
SMS = {"outside_id": "message_id", "text": "text", "phone": "from"}
WECHAT = {
    "outside_id": "MsgId", "text": "Content", "name": "FromUserName", "lat": "Location_X", "lon": "Location_Y",
    "address": "Label",
}  # fmt: skip
OPEN311 = {
    "outside_id": "requestid", "text": "description", "lon": "long", "lat": "lat", "address": "address_string",
    "category": "service_code", "name": "first_name", "phone": "phone", "email": "email",
}  # fmt: skip
NOTICE = {
    "outside_id": "notice_no", "text": "summary", "name": "name", "phone": "phone", "outcome": "outcome",
    "unit": "unit", "officer": "officer", "district": "district",
}  # fmt: skip
ADAPTERS = (
    Adapter("call_968110", CALL),
    Adapter("transfer_110", INCIDENT, system="gcj02"),
    Adapter("transfer_12345", ORDER, system="gcj02"),
    Adapter("web", PUBLIC_FORM),
    Adapter("mobile", PUBLIC_FORM, system="gcj02"),
    Adapter("letter", PAPER),
    Adapter("visit", PAPER),
    Adapter("email", EMAIL),
    Adapter("sms", SMS),
    Adapter("wechat", WECHAT, system="gcj02"),
    Adapter("open311", OPEN311),
    Adapter("partner", STANDARD),
    Adapter("import", STANDARD),
    Adapter("petition", PAPER),
    Adapter("mayor_mailbox", PAPER),
    Adapter("chief_mailbox", PAPER),
    Adapter("media", PAPER),
    Adapter("deputies", PAPER),
    Adapter("inspection", PAPER),
    Adapter("service_window", names(outside_id="evaluation_no")),
    Adapter("case_system", NOTICE, flow="notice"),
)
PUBLIC = frozenset({"web", "mobile", "open311"})
SILENT = frozenset({"import"})
URGENT = frozenset({"call_968110", "transfer_110", "transfer_12345"})
CHANNELS = tuple(
    Channel(a.channel, a, public=a.channel in PUBLIC, silent=a.channel in SILENT, urgent=a.channel in URGENT)
    for a in ADAPTERS
)
