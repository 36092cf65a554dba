"""CAP 1.2: what is written is read again, every rule of the standard refuses its breach, hostile XML gets nowhere."""

from __future__ import annotations

import gzip
import random
import re
import typing
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from anlan.domains.command import cap
from anlan.domains.command.cap import Alert, Area, Circle, Info, Named, Point, Resource, read, write
from anlan.loop.errors import Refused

XSD = "{http://www.w3.org/2001/XMLSchema}"
SQUARE = tuple(Point(120.3 + x, 36.06 + y) for x, y in ((0.0, 0.0), (0.01, 0.0), (0.01, 0.01), (0.0, 0.01), (0.0, 0.0)))
NOTE = Alert(
    identifier="anlan-370202-7",
    sender="command@bureau.example.cn",
    sent=datetime(2026, 11, 28, 9, 30, tzinfo=timezone(timedelta(hours=8))),
    status="Actual",
    msg_type="Alert",
    scope="Public",
    info=(
        Info(
            language="zh-CN",
            category=("Fire", "Safety"),
            event="化工厂火灾",
            response_type=("Evacuate",),
            urgency="Immediate",
            severity="Severe",
            certainty="Observed",
            headline="请下风向居民撤离",
            resource=(Resource("现场照片", "image/jpeg", size=1024, uri="https://bureau.example.cn/p/7.jpg"),),
            area=(Area("湛山街道", polygon=(SQUARE,), circle=(Circle(Point(120.34, 36.07), 2.5),), altitude=0.0),),
        ),
    ),
)
GOOD = write(NOTE).decode()


def code_of(data: bytes | str) -> str:
    with pytest.raises(Refused) as refused:
        read(data.encode() if isinstance(data, str) else data)
    return refused.value.code


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_positions_are_written_latitude_first_and_times_with_their_offset() -> None:
    assert "<polygon>36.06,120.3 36.06,120.31 36.07,120.31 36.07,120.3 36.06,120.3</polygon>" in GOOD
    assert "<circle>36.07,120.34 2.5</circle>" in GOOD
    assert "<sent>2026-11-28T09:30:00+08:00</sent>" in GOOD
    at_noon = msgspec.structs.replace(NOTE, sent=datetime(2026, 11, 28, 12, tzinfo=UTC))
    assert b"<sent>2026-11-28T12:00:00-00:00</sent>" in write(at_noon)
    assert read(write(at_noon)) == at_noon
    assert read(GOOD.encode()).sent.utcoffset() == timedelta(hours=8)


text = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)
words = text.filter(lambda t: t != "")
ids = st.text(st.characters(categories=("L", "Nd", "P"), exclude_characters=",<&"), min_size=1, max_size=20)
degrees = st.integers(-(10**9), 10**9).map(lambda n: n / 10**7)
points = st.builds(Point, lon=degrees.filter(lambda x: abs(x) <= 179), lat=degrees.filter(lambda y: abs(y) <= 89))
offsets = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
seconds = st.integers(-62_000_000_000, 250_000_000_000)
times = st.builds(
    lambda s, zone: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s)).astimezone(zone), seconds, offsets
)
named = st.builds(Named, text, text)
heights = st.integers(-10_000, 10_000).map(float)


@st.composite
def rings(draw: st.DrawFn) -> tuple[Point, ...]:
    middle, size = draw(points), draw(st.integers(1, 10**7)) / 10**7
    x, y = middle.lon, middle.lat
    corners = ((x - size, y), (x, y - size), (x + size, y), (x, y + size), (x - size, y))
    return tuple(Point(round(lon, 7), round(lat, 7)) for lon, lat in corners)


areas = st.builds(
    Area,
    area_desc=text,
    polygon=st.lists(rings(), max_size=2).map(tuple),
    circle=st.lists(st.builds(Circle, points, st.integers(0, 10**9).map(lambda n: n / 10**4)), max_size=2).map(tuple),
    geocode=st.lists(named, max_size=2).map(tuple),
    altitude=st.none(),
) | st.builds(Area, area_desc=text, altitude=heights, ceiling=st.none() | heights)
uris = st.sampled_from(["", "https://bureau.example.cn/a?b=c&d=%20", "cid:photo", "../x"])
resources_of = st.builds(Resource, text, text, st.none() | st.integers(0, 2**53), uris, text, text)
infos = st.builds(
    Info,
    language=st.sampled_from(["", "zh-CN", "en"]),
    category=st.lists(st.sampled_from(typing.get_args(cap.Category)), min_size=1, max_size=3).map(tuple),
    response_type=st.lists(st.sampled_from(typing.get_args(cap.ResponseType)), max_size=2).map(tuple),
    event_code=st.lists(named, max_size=2).map(tuple),
    effective=st.none() | times,
    onset=st.none() | times,
    expires=st.none() | times,
    web=uris,
    parameter=st.lists(named, max_size=2).map(tuple),
    resource=st.lists(resources_of, max_size=2).map(tuple),
    area=st.lists(areas, max_size=2).map(tuple),
    **dict.fromkeys(("event", "audience", "sender_name", "headline", "description", "instruction", "contact"), text),
)
alerts = st.builds(
    Alert,
    identifier=ids,
    sender=ids,
    sent=times,
    scope=st.just("Public"),
    msg_type=st.just("Alert"),
    code=st.lists(text, max_size=2).map(tuple),
    references=st.sampled_from(["", "a@b,7,2026-11-28T09:30:00+08:00 a@b,8,2026-11-28T09:30:00-00:00"]),
    info=st.lists(infos, max_size=2).map(tuple),
    **dict.fromkeys(("source", "restriction", "addresses", "note", "incidents"), text),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(alerts)
def test_what_is_written_is_read_again(alert: Alert) -> None:
    written = write(alert)
    assert read(written) == alert
    assert write(read(written)) == written


def test_names_order_and_words_are_those_of_the_schema() -> None:
    schema = etree.fromstring((resources.files("anlan.domains.command") / "cap.xsd").read_bytes())
    for struct, name in ((Alert, "alert"), (Info, "info"), (Area, "area"), (Resource, "resource"), (Named, "named")):
        root = schema.find(f".//{XSD}*[@name='{name}']")
        found = list(root.iter(f"{XSD}element"))[1 if name == "alert" else 0 :]
        assert [f.encode_name for f in msgspec.structs.fields(struct)] == [e.get("name") for e in found]
        many = {e.get("name") for e in found if e.get("maxOccurs") == "unbounded"}
        assert many == {e.get("name") for e in found} & cap.MANY
        needed = {e.get("name") for e in found if e.get("minOccurs") is None}
        assert needed == {f.encode_name for f in msgspec.structs.fields(struct) if f.required}
    for kind in ("Status", "MsgType", "Scope", "Category", "ResponseType", "Urgency", "Severity", "Certainty"):
        one = schema.find(f"{XSD}simpleType[@name='{kind[0].lower() + kind[1:]}']")
        values = tuple(e.get("value") for e in one.iter(f"{XSD}enumeration"))
        assert typing.get_args(getattr(cap, kind)) == values


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("cap:1.2", "cap:1.1", "cap.version"),
        ("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0", "cap.version"),
        ("urn:oasis:names:tc:emergency:cap:1.2", "urn:example:alert", "cap.not_cap"),
        (' xmlns="urn:oasis:names:tc:emergency:cap:1.2"', "", "cap.not_cap"),
        ("<status>Actual</status>", "", "cap.invalid"),
        ("<status>Actual</status>", "<status>actual</status>", "cap.invalid"),
        ("<status>Actual</status>", "<status>Actual</status><status>Test</status>", "cap.invalid"),
        ("<identifier>anlan-370202-7", "<identifier>anlan 7", "cap.invalid"),
        ("command@bureau", "command,bureau", "cap.invalid"),
        ("+08:00</sent>", "Z</sent>", "cap.invalid"),
        ("+08:00</sent>", "</sent>", "cap.invalid"),
        ("09:30:00+08:00</sent>", "09:30:00.5+08:00</sent>", "cap.invalid"),
        ("09:30:00+08:00</sent>", "24:00:00+08:00</sent>", "cap.time"),
        ("2026-11-28", "2026-11-31", "cap.invalid"),
        ("<scope>Public</scope>", "<scope>Public</scope><blink/>", "cap.invalid"),
        ("<category>Fire</category>", "<category>Arson</category>", "cap.invalid"),
        ("<severity>Severe</severity><certainty>Observed</certainty>", "<severity>Severe</severity>", "cap.invalid"),
        ("<size>1024</size>", "<size>1 KB</size>", "cap.invalid"),
        ("<size>1024</size>", "<size>-1</size>", "cap.invalid"),
        ("<mimeType>image/jpeg</mimeType>", "", "cap.invalid"),
        ("<areaDesc>湛山街道</areaDesc>", "", "cap.invalid"),
        ("<altitude>0</altitude>", "<altitude>high</altitude>", "cap.invalid"),
        ("<altitude>0</altitude>", "<ceiling>9</ceiling>", "cap.missing"),
        ("<scope>Public</scope>", "<scope>Restricted</scope>", "cap.missing"),
        ("<scope>Public</scope>", "<scope>Private</scope>", "cap.missing"),
        ("<msgType>Alert</msgType>", "<msgType>Cancel</msgType>", "cap.missing"),
        ("<scope>Public</scope>", "<scope>Public</scope><references>a,b</references>", "cap.reference"),
        (" 36.06,120.3</polygon>", "</polygon>", "cap.polygon"),
        ("36.07,120.31 36.07,120.3 ", "", "cap.polygon"),
        ("36.06,120.31 36.07,120.31", "36.07,120.31 36.06,120.31", "cap.polygon"),
        ("36.06,120.31 36.07,120.31 36.07,120.3", "36.06,120.31 36.06,120.32 36.06,120.33", "cap.polygon"),
        ("<polygon>36.06,120.3 36.06", "<polygon>", "cap.position"),
        ("36.07,120.31", "96.07,120.31", "cap.position"),
        ("36.07,120.31", "120.31,36.07", "cap.position"),
        ("36.07,120.31", "nan,120.31", "cap.position"),
        ("36.07,120.31", "36°,120.31", "cap.position"),
        ("36.07,120.34 2.5", "36.07,120.34", "cap.circle"),
        ("36.07,120.34 2.5", "36.07,120.34 -1", "cap.circle"),
        ("36.07,120.34 2.5", "36.07,120.34 near", "cap.circle"),
        ("</alert>", "", "cap.not_xml"),
        ("<event>", "<event>\x01", "cap.not_xml"),
    ],
)
def test_each_breach_of_a_rule_is_refused(old: str, new: str, code: str) -> None:
    assert code_of(changed(old, new)) == code


def test_a_signature_comments_and_sections_are_passed_over() -> None:
    signature = (
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><x/></SignedInfo></Signature></alert>'
    )
    assert read(changed("</alert>", signature).encode()) == NOTE
    assert read(changed("<status>", "<!-- <!DOCTYPE x> --><?p q?><status>").encode()) == NOTE
    assert read(changed("<headline>请", "<headline><![CDATA[<!DOCTYPE ]]>请").encode()).info[0].headline[0] == "<"
    assert read(b"\xef\xbb\xbf" + GOOD.encode()) == NOTE
    assert code_of(changed("</alert>", '<x xmlns="urn:other"/></alert>')) == "cap.invalid"


XINCLUDE = "http://www.w3.org/2001/XInclude"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>', "cap.doctype"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "cap.doctype"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>', "cap.doctype"),
        ('<!-- a --><?b c?> <!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]><a/>', "cap.doctype"),
        (changed("化工厂", "&never;"), "cap.not_xml"),
        ("", "cap.not_xml"),
        ("<" * 1000, "cap.not_xml"),
        ("<a>" * 100_000, "cap.not_xml"),
        ("<!--" * 100_000, "cap.not_xml"),
        ('{"alert": 1}', "cap.not_xml"),
        ("<html/>", "cap.not_cap"),
        (GOOD.encode("utf-16"), "cap.encoding"),
        (GOOD.encode("gb18030"), "cap.encoding"),
        (gzip.compress(GOOD.encode()), "cap.encoding"),
        (GOOD.encode() + b" " * cap.BYTES_MAX, "cap.too_large"),
        # another encoding, declared so that the document type would only be seen after decoding
        ('<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a SYSTEM "file:///x"+AD4APA-a/+AD4-', "cap.not_xml"),
        (changed("<areaDesc>", f'<i:include xmlns:i="{XINCLUDE}" href="/etc/passwd"/><areaDesc>'), "cap.invalid"),
    ],
)
def test_hostile_bytes_are_refused(data: bytes | str, code: str) -> None:
    assert code_of(data) == code


def test_what_is_bent_anywhere_is_read_or_refused_and_nothing_else() -> None:
    dice, good = random.Random(5), GOOD.encode()
    tags = re.findall(rb"<[^>]+>[^<]*", good)
    for _ in range(1500):
        one, other = dice.choice(tags), dice.choice(tags)
        data = bytearray(good.replace(one, dice.choice([b"", other, one + other, one + one]), 1))
        for _ in range(dice.randrange(3)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        with suppress(Refused):
            read(bytes(data))


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (msgspec.structs.replace(NOTE, sent=datetime(2026, 11, 28, tzinfo=UTC).replace(tzinfo=None)), "cap.time"),
        (msgspec.structs.replace(NOTE, sent=datetime(2026, 11, 28, microsecond=1, tzinfo=UTC)), "cap.time"),
        (msgspec.structs.replace(NOTE, note="bell \x07"), "cap.text"),
        (msgspec.structs.replace(NOTE, note="half \ud800"), "cap.text"),
        (msgspec.structs.replace(NOTE, identifier="two words"), "cap.invalid"),
        (msgspec.structs.replace(NOTE, status="Real"), "cap.invalid"),
        (msgspec.structs.replace(NOTE, note="x" * cap.BYTES_MAX), "cap.too_large"),
        (msgspec.structs.replace(NOTE, scope="Private"), "cap.missing"),
    ],
)
def test_what_the_standard_forbids_is_not_written(alert: Alert, code: str) -> None:
    with pytest.raises(Refused) as refused:
        write(alert)
    assert refused.value.code == code


@pytest.mark.parametrize("point", [Point(181.0, 0.0), Point(0.0, 91.0), Point(float("nan"), 0.0)])
def test_a_place_that_is_none_is_not_written(point: Point) -> None:
    info = msgspec.structs.replace(NOTE.info[0], area=(Area("x", circle=(Circle(point, 1.0),)),))
    with pytest.raises(Refused, match=r"cap\.position"):
        write(msgspec.structs.replace(NOTE, info=(info,)))
