"""Names of what a matter refers to by key: units, categories, channels, places; staff by number, never by name."""

from __future__ import annotations

from typing import Any

from anlan.app.world import CITIZEN, SYSTEM, World
from anlan.city.names import tidy
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter
from anlan.web.language import Strings

STAFF_ROLES = (
    "operator", "dispatcher", "callback", "overseer", "chief", "officer", "auditor", "security", "system_admin",
    "partner",
)  # fmt: skip


class Names:
    """Looks names up in the city pack, in one language."""

    def __init__(self, world: World, t: Strings) -> None:
        self.world, self.t = world, t
        self._english = t.language == "en"
        self._known: dict[str, tuple[str, ...]] = {}

    def _of(self, thing: Any) -> str:
        return str(thing.name_en if self._english and thing.name_en else thing.name)

    def unit(self, key: str) -> str:
        """A unit's name; the key itself for one that is gone."""
        units = self.world.city.organisation
        return self._of(units[key]) if key in units else key

    def unit_short(self, key: str) -> str:
        """A unit's name as a list has room for it: 安湖路所."""
        name = self.unit(key)
        return name if self._english else name.replace("派出所", "所").replace("交警大队", "交警").replace("市局", "")

    def category(self, key: str) -> str:
        """Group and leaf: 交通管理 › 违法停车."""
        catalogue = self.world.city.catalogue
        found = catalogue.categories.get(key)
        if found is None:
            return key or self.t("category.none")
        return f"{self._of(catalogue.groups[found.group])} › {self._of(found)}"

    def leaf(self, key: str) -> str:
        """The leaf alone."""
        found = self.world.city.catalogue.categories.get(key)
        return self._of(found) if found else key or self.t("category.none")

    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The catalogue for a select: group, then its (key, name)."""
        catalogue = self.world.city.catalogue
        return [
            (self._of(g), [(c.key, self._of(c)) for c in catalogue.of_group(g.key)]) for g in catalogue.groups.values()
        ]

    def area(self, key: str) -> str:
        """A district's or street's name."""
        area = self.world.city.areas.by_key.get(key)
        return self._of(area) if area else key

    def area_short(self, key: str) -> str:
        """A district's name where there is little room: 市北, Shibei."""
        name = self.area(key)
        if self._english:
            return name.removesuffix(" District").removesuffix(" City")
        return name[:-1] if len(name) > 2 and name[-1] in "区市县" else name

    def districts(self) -> list[tuple[str, str]]:
        """(key, name) of the districts."""
        return [(a.key, self._of(a)) for a in self.world.city.areas.of_level("district")]

    def staff(self, account: str) -> str:
        """警员3862, 坐席0417; the reporter; the system."""
        if account in {CITIZEN.id, SYSTEM.id}:
            return self.t(f"staff.{account}")
        roles = self._roles(account)
        role = next((r for r in STAFF_ROLES if r in roles), "account")
        return self.t(f"staff.{role}", number=account)

    def _roles(self, account: str) -> tuple[str, ...]:
        """The roles an account has, else those of the city pack's officer."""
        if account not in self._known:
            officer = self.world.city.roster.officers.get(account)
            given = self.world.store.read.roles(account)
            self._known[account] = given or (officer.roles if officer else ())
        return self._known[account]

    def word(self, matter: Matter, key: str) -> str:
        """A word of the matter's own line of work: a stage, a move, an option."""
        return self.t.word(matter.domain, key)

    def channel(self, key: str) -> str:
        """How it came in."""
        found = self.world.channels.get(key)
        return self.t.word(found[0].key if found else "", f"channel.{key}")

    def rule(self, key: str) -> str:
        """Why a routing rule sends something where it does."""
        if key in {"human", "channel"}:
            return self.t(f"rule.{key}")
        rule = next((r for r in self.world.city.rules if r.key == key), None)
        return "" if rule is None else rule.why_en if self._english else rule.why_zh

    def target(self, key: str) -> str:
        """Why the city gives a category another length."""
        target = next((t for t in self.world.city.targets if t.key == key), None)
        return key if target is None else target.why_en if self._english else target.why_zh

    def find_unit(self, text: str) -> str:
        """The key of a unit given by key or by name. Raises Refused for an unknown or ambiguous one."""
        wanted, units = tidy(text), self.world.city.organisation
        if text.strip() in units:
            return text.strip()
        found = [u.key for u in units if wanted in {tidy(u.name), tidy(u.name_en)}]
        found = found or [u.key for u in units if wanted and wanted in tidy(u.name)]
        if len(found) != 1:
            raise Refused("field.unknown_unit", field="unit", unit=text)
        return found[0]

    def refusal(self, code: str, params: dict[str, Any], domain: str = "") -> str:
        """The words of a refusal, its parameters named as the page names them."""
        line = domain or next(iter(self.world.domains), "")
        said = {key: self._param(key, value, line) for key, value in params.items()}
        if f"error.{code}" not in self.t:
            return code
        try:
            return self.t(f"error.{code}", **said)
        except KeyError:
            return self.t(f"error.{code}")

    def _param(self, key: str, value: Any, domain: str) -> Any:
        if key == "unit" and isinstance(value, str):
            return self.unit(value)
        if key == "units" and isinstance(value, str):
            return "、".join(self.unit(u.strip()) for u in value.split(","))
        if key in {"field", "action"} and isinstance(value, str):
            return self.t.word(domain, f"{key}.{value}", value)
        if key in {"role", "others"} and isinstance(value, str):
            return "、".join(self.t.word(domain, f"role.{role}", role) for role in value.split(", "))
        if key == "outcome" and isinstance(value, str):
            return self.t.word(domain, f"option.{value}", value)
        return value
