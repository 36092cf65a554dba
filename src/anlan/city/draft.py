"""A first organisation, roster, rule table and targets for a city of which only districts and streets are known.

The demo and `real` start from this draft; a city replaces it file by file.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from anlan.city.organisation import Unit
from anlan.city.people import Officer
from anlan.city.routing import Rule, Target, To, When

BUREAU, CENTRE, ANTI_FRAUD, COMMAND = "bureau", "centre.hotline", "team.anti_fraud", "centre.command"
FIRST_NUMBER: Final = 900_001
SESSIONS: Final = (("08:30", "12:00"), ("13:30", "17:30"))


class Seat(NamedTuple):
    """A district or street that gets a unit of its own: code, names without the kind of unit, WGS84 door."""

    code: str
    district: str
    name: str
    name_en: str
    lon: float | None = None
    lat: float | None = None


def draft_units(districts: Sequence[Seat], streets: Sequence[Seat], bureau: tuple[str, str]) -> list[Unit]:
    """Bureau, hotline centre, command centre, anti-fraud squad; per district a branch and a traffic team; per street a
    station. `bureau` is its (zh, en) name."""
    name, name_en = bureau
    units = [
        Unit(BUREAU, name, name_en, "bureau"),
        Unit(CENTRE, "市局民生诉求中心", "Hotline Centre", "centre", BUREAU, line="hotline"),
        Unit(COMMAND, "市局情报指挥中心", "Command Centre", "centre", BUREAU, line="command"),
        Unit(ANTI_FRAUD, "市局反诈专班", "Anti-Fraud Squad", "team", BUREAU, line="anti_fraud"),
    ]
    for d in districts:
        branch = branch_key(d.code)
        units.append(Unit(branch, f"{d.name}分局", f"{d.name_en} Branch", "branch", BUREAU, d.code, "", d.lon, d.lat))
        title, title_en = f"{d.name}交警大队", f"{d.name_en} Traffic Police Team"
        units.append(Unit(traffic_key(d.code), title, title_en, "team", branch, d.code, "traffic"))
    units += [
        Unit(
            station_key(s.code),
            f"{s.name}派出所",
            f"{s.name_en} Police Station",
            "station",
            branch_key(s.district),
            s.district,
            "",
            s.lon,
            s.lat,
        )
        for s in streets
    ]
    return units


def branch_key(district: str) -> str:
    """Unit key of a district's branch."""
    return f"branch.{district}"


def traffic_key(district: str) -> str:
    """Unit key of a district's traffic team."""
    return f"traffic.{district}"


def station_key(street: str) -> str:
    """Unit key of a street's station."""
    return f"station.{street}"


def draft_officers(units: Iterable[Unit], rng: random.Random) -> list[Officer]:
    """Officers by number: a chief and officers for every unit; operators, callers-back and overseers at the bureau."""
    rows: list[tuple[str, tuple[str, ...]]] = []
    for unit in units:
        rows += [(unit.key, roles) for roles in _seats(unit, rng)]
    return [Officer(str(FIRST_NUMBER + i), unit, roles) for i, (unit, roles) in enumerate(rows)]


def _seats(unit: Unit, rng: random.Random) -> list[tuple[str, ...]]:
    officer, chief = ("officer",), ("officer", "chief")
    if unit.kind == "bureau":
        watching = [("overseer", "chief"), *[("overseer",)] * 5]
        return [*watching, *[("auditor",)] * 2, *[("security",)] * 2, ("system",), ("system_admin",)]
    if unit.key == CENTRE:
        return [("operator", "chief"), *[("operator",)] * 29, *[("callback",)] * 24]
    if unit.key == COMMAND:
        return [("operator", "chief"), *[("operator",)] * 7, *[("dispatcher",)] * 8]
    if unit.key == ANTI_FRAUD:
        return [chief, *[officer] * 19]
    if unit.kind == "branch":
        return [("overseer", "chief"), *[("overseer",)] * 2, *[officer] * rng.randint(6, 9)]
    if unit.kind == "team":
        return [chief, *[officer] * rng.randint(11, 15)]
    if unit.kind == "post":
        return [officer] * rng.randint(2, 3)
    return [chief, *[officer] * rng.randint(5, 8)]


def draft_rules() -> list[Rule]:
    """First match wins; the last rule takes whatever is left to the hotline centre."""
    place, district = To(kind="station", by="place"), To(kind="branch", by="district")
    station_groups = ("public_order.", "fire.", "school.", "sea.", "household.", "enterprise.order", "case.progress")
    return [
        Rule("advice", To(unit=CENTRE), "咨询建议由中心直接答复", "The centre answers questions and suggestions",
             When(category=("advice.",))),
        Rule("fraud", To(unit=ANTI_FRAUD), "涉诈事项由反诈专班主办，属地派出所协办",
             "Scams go to the anti-fraud squad, the local station assists",
             When(category=("anti_fraud.",), has_place=True), (place,)),
        Rule("fraud_unplaced", To(unit=ANTI_FRAUD), "涉诈事项由反诈专班主办", "Scams go to the anti-fraud squad",
             When(category=("anti_fraud.",))),
        Rule("traffic", To(kind="team", line="traffic", by="district"), "交通事项由事发地交警大队办理",
             "Traffic goes to the traffic team of the district", When(category=("traffic.",), has_district=True)),
        Rule("school_gate", To(kind="team", line="traffic", by="district"), "校门拥堵由交警大队主办，派出所协办",
             "A crowded school gate goes to the traffic team, the station assists",
             When(category=("school.gate_traffic",), has_place=True), (place,)),
        Rule("conduct", district, "作风投诉由分局核查，被投诉单位不办理",
             "Complaints about conduct go one level up",
             When(category=("conduct.attitude", "conduct.inaction", "conduct.slow_arrival"), has_district=True)),
        Rule("filing", district, "立案与财物问题由分局法制办理", "Filing of cases and property are the branch's",
             When(category=("case.not_filed_notice", "case.no_receipt", "case.property_return"), has_district=True)),
        Rule("papers", district, "出入境与许可由分局窗口办理", "Travel papers and permits are handled at the branch",
             When(category=("exit_entry.", "enterprise.permit", "enterprise.rights"), has_district=True)),
        Rule("local", place, "由事发地派出所办理", "The station of the place answers",
             When(category=station_groups, has_place=True)),
        Rule("placed", place, "有地点的事项由属地派出所办理", "A matter with a place goes to its station",
             When(has_place=True)),
        Rule("district", district, "只知道区市的事项由分局办理", "A matter with only a district goes to its branch",
             When(has_district=True)),
        Rule("rest", To(unit=CENTRE), "地点不明的事项由中心核实后转办",
             "Without a place the centre finds out more and forwards"),
    ]  # fmt: skip


def draft_targets() -> list[Target]:
    """Categories that have another length than the flow's: urgent ones run round the clock, questions are short."""
    urgent = ("anti_fraud.loss", "public_order.harassment", "school.bullying", "sea.")
    noise = ("public_order.noise", "traffic.modified_noise")
    return [
        Target("urgent", "matter", urgent, 1440, "natural_minutes", "紧急事项24小时办结", "Urgent matters in 24 hours"),
        Target("urgent_accept", "accept", urgent, 30, "natural_minutes", "紧急事项30分钟签收",
               "Urgent matters are accepted in 30 minutes"),
        Target("noise", "matter", noise, 1440, "natural_minutes", "噪声扰民24小时办结",
               "Noise is dealt with in 24 hours"),
        Target("question", "matter", ("advice.procedure",), 1, "work_days", "咨询1个工作日答复",
               "Questions are answered in 1 working day"),
    ]  # fmt: skip
