"""The catalogue of what people bring to a public-security hotline, and which kind of unit answers by default.

Keys are `group.leaf`, ASCII and stable; words are ours. A city may change any of it in its pack (catalogue.json).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from anlan.city.errors import CityError


class Category(msgspec.Struct, frozen=True, omit_defaults=True):
    """A leaf of the catalogue. `kind` and `line` name the unit that answers unless a routing rule says otherwise;
    `level` how sensitive its matters are: ordinary, sensitive or restricted."""

    key: str
    name: str
    name_en: str
    kind: str
    line: str = ""
    level: Literal["ordinary", "sensitive", "restricted"] = "ordinary"

    @property
    def group(self) -> str:
        """Key of the group: the part before the dot."""
        return self.key.partition(".")[0]


class Group(msgspec.Struct, frozen=True):
    """A group of categories."""

    key: str
    name: str
    name_en: str


class CatalogueFile(msgspec.Struct, frozen=True):
    """catalogue.json."""

    groups: tuple[Group, ...]
    categories: tuple[Category, ...]


class Catalogue:
    """Groups and leaf categories by key. Raises the first of `catalogue_problems`."""

    def __init__(self, file: CatalogueFile) -> None:
        for code, where, params in catalogue_problems(file):
            raise CityError(code, where=where, **params)
        self.file: Final = file
        self.groups: Final[Mapping[str, Group]] = {g.key: g for g in file.groups}
        self.categories: Final[Mapping[str, Category]] = {c.key: c for c in file.categories}

    def __getitem__(self, key: str) -> Category:
        """The leaf category with this key. Raises `category.unknown`."""
        try:
            return self.categories[key]
        except KeyError:
            raise CityError("category.unknown", category=key) from None

    def __iter__(self) -> Iterator[Category]:
        return iter(self.categories.values())

    def __len__(self) -> int:
        return len(self.categories)

    def of_group(self, group: str) -> tuple[Category, ...]:
        """The leaves of one group, in the pack's order."""
        return tuple(c for c in self.categories.values() if c.group == group)


def catalogue_problems(file: CatalogueFile) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Keys given twice or not of the form group.leaf, groups unknown or empty, names missing."""
    groups = {g.key for g in file.groups}
    seen: set[str] = set()
    for category in file.categories:
        if category.key in seen:
            yield "category.twice", category.key, {}
        seen.add(category.key)
        if not category.key.isascii() or category.key.count(".") != 1:
            yield "category.key", category.key, {}
        elif category.group not in groups:
            yield "category.group_unknown", category.key, {"group": category.group}
        if not (category.name and category.name_en):
            yield "category.unnamed", category.key, {}
    for group in sorted(groups - {key.partition(".")[0] for key in seen}):
        yield "category.group_empty", group, {}


def default_catalogue() -> CatalogueFile:
    """The catalogue Anlan ships."""
    return CatalogueFile(tuple(Group(*row) for row in _GROUPS), tuple(_leaves(_LEAVES)))


def _leaves(rows: Iterable[tuple[str, str, str, str]]) -> Iterator[Category]:
    for key, name, name_en, answers in rows:
        kind, _, line = answers.partition(":")
        yield Category(key, name, name_en, kind, line, "sensitive" if key in _SENSITIVE else "ordinary")


_SENSITIVE: Final = frozenset(
    {
        "public_order.harassment", "school.bullying", "anti_fraud.loss",
        "conduct.attitude", "conduct.inaction", "conduct.slow_arrival",
    }
)  # fmt: skip
"""Victims, minors, and complaints about the police themselves. What is restricted, a city's own pack says."""

_GROUPS: Final = (
    ("traffic", "交通管理", "Traffic"),
    ("public_order", "治安秩序", "Public order"),
    ("household", "户籍证件", "Household and identity papers"),
    ("exit_entry", "出入境", "Exit and entry"),
    ("anti_fraud", "反诈", "Anti-fraud"),
    ("case", "案件办理", "Handling of cases"),
    ("conduct", "执法作风", "Conduct and discipline"),
    ("fire", "消防通道与隐患", "Fire lanes and hazards"),
    ("school", "校园周边", "Around schools"),
    ("sea", "海岸与岛屿", "Coast and islands"),
    ("enterprise", "涉企服务", "Services to enterprises"),
    ("advice", "咨询建议", "Questions and suggestions"),
    ("incident", "警情", "Incidents"),
)

_LEAVES: Final = (
    ("traffic.modified_noise", "非法改装车辆噪声", "Noise of modified vehicles", "team:traffic"),
    ("traffic.parking", "违法停车", "Illegal parking", "team:traffic"),
    ("traffic.congestion", "道路拥堵", "Congestion", "team:traffic"),
    ("traffic.signal", "信号灯与标志标线", "Signals, signs and markings", "team:traffic"),
    ("traffic.hazard", "道路安全隐患", "Road hazard", "team:traffic"),
    ("traffic.accident", "交通事故处理", "Handling of an accident", "team:traffic"),
    ("traffic.penalty", "处罚异议", "Objection to a penalty", "team:traffic"),
    ("traffic.licence", "驾驶证与车辆业务", "Licences and vehicle papers", "team:traffic"),
    ("traffic.electric_bike", "电动自行车乱象", "Electric bicycles", "team:traffic"),
    ("public_order.noise", "生活噪声扰民", "Noise from neighbours", "station"),
    ("public_order.dispute", "邻里与经济纠纷", "Dispute between neighbours or over money", "station"),
    ("public_order.dog", "犬只管理", "Dogs", "station"),
    ("public_order.gambling", "赌博线索", "Gambling", "station"),
    ("public_order.theft", "盗窃", "Theft", "station"),
    ("public_order.fireworks", "烟花爆竹", "Fireworks", "station"),
    ("public_order.harassment", "骚扰与威胁", "Harassment and threats", "station"),
    ("public_order.crowded_place", "人员密集场所", "Crowded place", "station"),
    ("household.id_card", "居民身份证", "Identity card", "station"),
    ("household.registration", "户口迁移登记", "Household registration", "station"),
    ("household.residence_permit", "居住证", "Residence permit", "station"),
    ("household.certificate", "证明开具", "Certificates", "station"),
    ("exit_entry.passport", "护照与通行证", "Passports and travel permits", "branch"),
    ("exit_entry.foreign_resident", "外国人服务", "Services to foreign residents", "branch"),
    ("anti_fraud.loss", "被骗求助", "Money lost to a scam", "team:anti_fraud"),
    ("anti_fraud.suspicion", "可疑电话与短信", "Suspicious call or message", "team:anti_fraud"),
    ("anti_fraud.frozen_account", "账户止付冻结", "Payment stopped or account frozen", "team:anti_fraud"),
    ("case.not_filed_notice", "不予立案告知", "Notice that no case was opened", "branch"),
    ("case.progress", "案件进展查询", "Progress of a case", "station"),
    ("case.no_receipt", "报案未给回执", "No receipt for a report", "branch"),
    ("case.property_return", "涉案财物返还", "Return of property", "branch"),
    ("conduct.attitude", "服务态度", "Attitude of staff", "branch"),
    ("conduct.inaction", "推诿不作为", "Passing the buck or inaction", "branch"),
    ("conduct.slow_arrival", "出警迟缓", "Slow arrival", "branch"),
    ("conduct.praise", "表扬感谢", "Praise", "station"),
    ("fire.passage_blocked", "消防通道堵塞", "Fire lane blocked", "station"),
    ("fire.charging", "违规充电", "Unsafe charging", "station"),
    ("fire.explosives", "易燃易爆物品", "Flammable and explosive goods", "station"),
    ("school.gate_traffic", "上下学拥堵", "Crowded school gate", "team:traffic"),
    ("school.safety", "校园周边安全", "Safety around a school", "station"),
    ("school.bullying", "学生欺凌求助", "Bullying of a pupil", "station"),
    ("sea.boat", "船舶与海钓管理", "Boats and sea angling", "station"),
    ("sea.beach", "海滩安全", "Safety on the beach", "station"),
    ("sea.island", "海岛出行与服务", "Island travel and services", "station"),
    ("enterprise.order", "企业周边治安", "Order around an enterprise", "station"),
    ("enterprise.rights", "侵害企业权益", "Harm to an enterprise's rights", "branch"),
    ("enterprise.permit", "许可与备案", "Permits and filings", "branch"),
    ("advice.procedure", "办事咨询", "How to apply for something", "centre:hotline"),
    ("advice.suggestion", "意见建议", "Suggestion", "centre:hotline"),
    ("advice.other", "其他诉求", "Anything else", "centre:hotline"),
    ("incident.fire", "火情烟雾", "Fire or smoke", "station"),
    ("incident.injury", "人员受伤", "Person hurt", "station"),
    ("incident.drowning", "溺水与海边被困", "Drowning or cut off by the sea", "station"),
    ("incident.robbery", "抢劫抢夺", "Robbery", "station"),
    ("incident.threat", "持械与人身威胁", "Weapon or threat to life", "station"),
    ("incident.alarm", "一键报警", "Alarm button", "station"),
    ("incident.fight", "打架斗殴", "Fight", "station"),
    ("incident.crash", "交通事故", "Road crash", "station"),
    ("incident.lost", "人员走失", "Missing person", "station"),
    ("incident.visit", "上门劝阻", "Visit to stop a scam", "station"),
    ("incident.suspicious", "可疑情况", "Something suspicious", "station"),
    ("incident.theft", "盗窃现行", "Theft under way", "station"),
    ("incident.crowd", "人群聚集", "Crowd", "station"),
    ("incident.hazard", "现场险情", "Danger on the spot", "station"),
    ("incident.dispute", "纠纷", "Dispute", "station"),
    ("incident.noise", "噪声扰民", "Noise", "station"),
    ("incident.other", "其他求助", "Other call for help", "station"),
)
