"""Citizens: something happens, one or several report it, each by a way of their own. Whoever wrote it themselves on
the web follows it there by number and code, joins what a neighbour has said, and rates what came of it."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlencode

import msgspec

from anlan.api.shapes import Receipt
from anlan.sim import operator
from anlan.sim.door import FORM, Answer, Ask
from anlan.sim.happening import REPORTS_EACH, Report, happening
from anlan.sim.rhythm import CITIZENS, HOUR_MS, WEEK
from anlan.sim.town import Town

JOINS = 0.6
RATES = 0.6
RATINGS = {5: 60, 4: 22, 3: 9, 2: 5, 1: 4}
FOLLOWS = 4
"""Times somebody looks before giving up, one to three days apart."""
FOLLOW_MINUTES = (1440, 4320)
NUMBER = re.compile(r'class="big-no num">([0-9-]+)<')
NEAR = re.compile(r'name="join" value="([0-9-]+)"')


class Citizens:
    """The people of a city."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._hours = 0

    async def hour(self) -> None:
        """What happens within the next hour."""
        town = self._town
        self._hours += 1
        dice = town.dice("hour", self._hours)
        mean = town.plan.orders * town.plan.volume / REPORTS_EACH / 24
        for n in range(dice.poisson(mean * town.busy(CITIZENS, WEEK))):
            town.timeline.after(dice.randrange(HOUR_MS), partial(self._happens, f"{town.label}-{self._hours}-{n}"))
        town.timeline.after(HOUR_MS, self.hour)

    async def _happens(self, label: str) -> None:
        for n, (delay, report) in enumerate(happening(self._town.city, self._town.dice("happening", label))):
            self._town.timeline.after(delay, partial(self._reports, report, f"{label}-{n}"))

    async def _reports(self, report: Report, outside_id: str) -> None:
        match report.channel:
            case "web":
                await self._by_page(report, outside_id)
            case "open311":
                await self._by_open311(report, outside_id)
            case "mobile":
                await self._by_phone(report, outside_id)
            case _:
                await operator.take(self._town, report, outside_id)

    async def _by_phone(self, report: Report, outside_id: str) -> None:
        path, body = f"/api/v1/intakes/{report.channel}", report.payload(outside_id)
        answer = await self._town.post(None, path, body, report.channel, self._address(outside_id))
        if answer.ok:
            receipt = msgspec.json.decode(answer.body, type=Receipt)
            self._keep(receipt.number, receipt.code, outside_id)

    async def _by_open311(self, report: Report, outside_id: str) -> None:
        form = {key: str(value) for key, value in report.payload(outside_id).items()}
        answer = await self._send("/open311/v2/requests.json", form, outside_id, report.channel)
        if answer.ok:
            row = msgspec.json.decode(answer.body)[0]
            self._keep(int(row["service_request_id"]), row["service_notice"], outside_id)

    async def _by_page(self, report: Report, outside_id: str) -> None:
        """Fill in the public form; where a neighbour has said the same, join it or send it all the same."""
        dice = self._town.dice("page", outside_id)
        form = {
            "outside_id": outside_id, "text": report.text, "place": report.address, "name": report.name,
            "phone": report.phone,
        }  # fmt: skip
        if not report.wants_callback:
            form["anonymous"] = "yes"
        answer = await self._form("/report", form, outside_id, report.channel)
        near = NEAR.search(answer.body.decode())
        if answer.status == 200 and near:
            more = {"join": near[1]} if dice.chance(JOINS) else {"seen": "yes"}
            answer = await self._form("/report", form | more, outside_id, f"{report.channel}.again")
        numbers = NUMBER.findall(answer.body.decode())
        if answer.status == 201 and len(numbers) == 2:
            self._keep(int(numbers[0].replace("-", "")), numbers[1], outside_id)

    def _keep(self, number: int, code: str, outside_id: str) -> None:
        """The receipt goes into a drawer; in a day or so somebody looks what has become of it."""
        self._town.tally.hand_in(number, code)
        self._later(number, code, outside_id, FOLLOWS)

    def _later(self, number: int, code: str, outside_id: str, left: int) -> None:
        delay = self._town.dice("follow", number, left).minutes(*FOLLOW_MINUTES)
        self._town.timeline.after(delay, partial(self._follow, number, code, outside_id, left))

    async def _follow(self, number: int, code: str, outside_id: str, left: int) -> None:
        dice = self._town.dice("rate", number, left)
        form = {"number": str(number), "code": code}
        answer = await self._form("/follow", form, outside_id, "follow")
        if 'name="rating"' not in answer.body.decode():
            if left > 1:
                self._later(number, code, outside_id, left - 1)
        elif dice.chance(RATES):
            await self._form("/follow/rate", form | {"rating": str(dice.pick(RATINGS))}, outside_id, "rate")

    async def _form(self, path: str, form: dict[str, str], outside_id: str, what: str) -> Answer:
        """Open a page and send its form, with the token that came with it."""
        page = "/follow" if path == "/follow/rate" else path
        opened = await self._town.door.ask(Ask("GET", page, address=self._address(outside_id)))
        cookie = opened.headers["set-cookie"].partition(";")[0]
        return await self._send(path, {**form, "_csrf_token": cookie.partition("=")[2]}, outside_id, what, cookie)

    async def _send(self, path: str, form: dict[str, str], outside_id: str, what: str, cookie: str = "") -> Answer:
        address = self._address(outside_id)
        asked = Ask("POST", path, urlencode(form).encode(), kind=FORM, cookie=cookie, address=address)
        return await self._town.send(asked, what)

    def _address(self, outside_id: str) -> str:
        """Everybody's telephone has an address of its own."""
        return "10." + ".".join(str(self._town.dice("address", outside_id).randrange(256)) for _ in range(3))
