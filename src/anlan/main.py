"""Composition root: discovers the lines of work, opens the store and the city, puts the world together."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import pkgutil
import signal
import traceback
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from litestar import Litestar

from anlan import domains
from anlan.api.described import described
from anlan.api.framework import Routes
from anlan.api.ledger import witnesses
from anlan.api.problems import only_known, text_of
from anlan.api.routes import ON_ERROR, ROUTES
from anlan.api.watch import watched
from anlan.app.attach import forget_unclaimed
from anlan.app.calls import forget_old, took
from anlan.app.clock import ClockWatch
from anlan.app.deliver import Deliverer
from anlan.app.denials import tell_over
from anlan.app.health import Health
from anlan.app.live import Live
from anlan.app.messenger import Messenger
from anlan.app.neighbours import Following
from anlan.app.outward import Outward, outward
from anlan.app.tick import Job, ticking
from anlan.app.world import SYSTEM, World
from anlan.city.pack import City, load_pack
from anlan.engines.classify import Model
from anlan.engines.merge_learn import Additive
from anlan.links.asterisk import Asterisk, CallEvent
from anlan.links.oidc_settings import settings_of
from anlan.links.webhook import Poster
from anlan.loop.decide import effect_problems
from anlan.loop.domain import Domain
from anlan.loop.errors import Refused
from anlan.loop.flow import problems
from anlan.settings import HOME, Held, Settings, read
from anlan.store.publish import OWN, behind, checkpoints_at, publish
from anlan.store.reserve import Reserve
from anlan.store.store import Place, Store
from anlan.store.vault import Random
from anlan.telemetry import logs
from anlan.web import web_config
from anlan.web.report_make import make_due

CLASSIFIER = "classify"
SCORER = "merge"
ITEM_SECONDS = 20.0
"""What runs beside the requests may take so long to finish an item it has begun."""
MB = 1 << 20
COLLECT_AFTER = (20_000, 20, 50)
"""Cycles are rare here; walking a city's worth of objects every few hundred requests cost each of them a tenth, and a
bulk load a sixth."""


def discover() -> dict[str, Domain]:
    """Every folder under `domains` by its key. Raises ValueError when one declares a flow that cannot work."""
    found: dict[str, Domain] = {}
    for module in pkgutil.iter_modules(domains.__path__):
        domain: Domain = import_module(f"anlan.domains.{module.name}").DOMAIN
        wrong = [f"{f.key}: {one}" for f in domain.flows for one in (*problems(f), *effect_problems(f))]
        if wrong or domain.key != module.name or domain.key in found:
            raise ValueError(f"domain {module.name}: {'; '.join(wrong) or 'its key must be its folder'}")
        found[domain.key] = domain
    return dict(sorted(found.items(), key=lambda one: (one[1].order, one[0])))


def held(at: Path | None = None) -> Held:
    """The settings of the installation at a folder, and where each is from. Raises Refused (settings.…)."""
    return read(os.environ if at is None else os.environ | {HOME: str(at)})


def settings(at: Path | None = None) -> Settings:
    """The settings as they hold."""
    return held(at).settings


def checked(said: Settings) -> None:
    """Refuse settings that do not go together. Raises Refused (settings.…, oidc.settings)."""
    settings_of(said)
    witnesses(said.witnesses)
    outward(said)
    if said.nats_url:
        from anlan.links.nats import Stream  # noqa: PLC0415 - its library is only waited for where it is used

        Stream(said)
    if said.ami_url:
        Asterisk(said.ami_url, _unheard)
    if said.mqtt_url:
        from anlan.links.mqtt import link  # noqa: PLC0415 - as above

        link(said, Path(), _unheard_of)


def home() -> Path:
    """Where this installation keeps everything: ANLAN_HOME, by default ./var."""
    return held().home


def place(at: Path) -> Place:
    """Where the installation at a folder keeps what it has. A database that the environment names is that of ANLAN_HOME
    and of no other folder."""
    found, own = held(at), at == home()
    said, sources = found.settings, found.sources

    def url(name: str) -> str:
        return getattr(said, name) if own or sources[name] != "environment" else ""

    master = Path(said.master_key_file) if said.master_key_file else None
    return Place(at, master, url("database_url"), url("keys_url"))


def open_world(
    at: Path | Place | None = None, city: City | None = None, *, index: bool = True, random: Random = os.urandom
) -> World:
    """The world of an installation: at its folder, or wherever its `Place` says. With `index`, the duplicate finder is
    filled from open matters.

    `random` gives the bytes of every id, key and code: anything but the system's own is for simulations only.
    """
    store = Store(at if isinstance(at, Place) else place(at or home()), random)
    world = World(store, city or load_pack(store.home / "city"), discover(), random=random)
    model = store.read.model(CLASSIFIER)
    world.classifier = Model.from_bytes(model) if model else None
    scorer = store.read.model(SCORER)
    if scorer:
        world.score_with(Additive.from_bytes(scorer))
    if index:
        world.load_index()
    return world


def application(world: World) -> Litestar:
    """The web application over a world."""
    web, said = web_config(world), settings(world.store.home)
    mine = [route for domain in world.domains.values() for route in domain.api_routes]
    api = Routes("/", route_handlers=[*ROUTES, *mine], exception_handlers=ON_ERROR, before_request=only_known)
    app = Litestar(
        route_handlers=[api, *web["route_handlers"]],
        exception_handlers=web["exception_handlers"],
        template_config=web["template_config"],
        middleware=web["middleware"],
        compression_config=web["compression_config"],
        openapi_config=described(),
        request_max_body_size=1024 * 1024,
        logging_config=None,
    )
    app.state.world = world
    app.state.live = world.kept["live"] = Live(world)
    app.state.messenger = Messenger(world, Outward())
    app.state.telephone = None
    app.state.poster = Poster(said.webhook_allow.split())
    app.state.health = Health(world, said.disk_free_mb)
    app.state.witnesses = witnesses(said.witnesses)
    app.state.metrics_token = said.metrics_token
    app.state.proxies = frozenset(said.proxies.split())
    app.state.oidc = None
    if (single := settings_of(said)) is not None:
        from anlan.links.oidc import Provider  # noqa: PLC0415 - its libraries are only waited for where they are used

        app.state.oidc = Provider(single, world.clock)
    return watched(app, os.urandom)


def beside(app: Litestar, work: Coroutine[Any, Any, None], item_seconds: float = ITEM_SECONDS) -> None:
    """Let work run beside the requests until the server stops: so long it may finish its item then. If it fails, the
    log says so."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_ended)

    async def end() -> None:
        app.state.health.stop.tell()
        _, late = await asyncio.wait([task], timeout=item_seconds)
        for one in late:
            one.cancel()

    app.on_shutdown.insert(0, end)


def stops_in_order(app: Litestar) -> None:
    """Told by SIGUSR1 that the end is near: say so to whoever asks whether it is ready, end the event streams."""

    def near() -> None:
        app.state.health.stop.tell()
        app.state.live.end()

    app.on_startup.append(lambda: asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, near))
    app.on_shutdown.insert(0, near)


async def heard(world: World, event: CallEvent) -> None:
    """An event of the exchange's own link. A full disk loses the event, never the link."""
    try:
        if (commit := took(world, event, SYSTEM.id)) is not None:
            await world.store.writer.write(commit)
    except Refused as refused:
        logging.getLogger("anlan").warning("a call's event was refused: %s", refused.code)


async def sign_and_publish(world: World, folder: str) -> None:
    """Sign the edges that moved, and publish them where a folder is set. A fork is told and nothing is overwritten."""
    await asyncio.to_thread(world.store.writer.sign, world.clock())
    await asyncio.to_thread(publish, world.store.heads, world.store.home / OWN, tiles=False)
    if folder:
        await asyncio.to_thread(publish, world.store.heads, Path(folder))


async def forget(world: World, watch: ClockWatch) -> None:
    """What was only for a while: files that no matter took, calls of long ago. Never soon after the clock jumped."""
    await watch.look()
    if not watch.steady:
        return
    for commit in (forget_unclaimed(world), forget_old(world)):
        if commit is not None:
            await world.store.writer.write(commit)


async def once(world: World, job: Job) -> None:
    """A job that one process does for all."""
    if world.store.leads:
        await job()


def does_by_itself(app: Litestar, world: World) -> None:
    """What the server does without being asked, from its start to its end: reports that have come due, files that no
    matter took and calls of long ago forgotten, and, where they are set up, messages and the exchange."""
    stop, said = app.state.health.stop, settings(world.store.home)
    shared: list[Job] = [
        partial(make_due, world),
        partial(forget, world, ClockWatch(world)),
        partial(sign_and_publish, world, said.checkpoints),
    ]
    jobs: list[Job] = [*(partial(once, world, job) for job in shared), partial(tell_over, world)]
    if world.store.neighbours:
        app.on_startup.append(lambda: beside(app, Following(world).run(), 0))
    app.on_startup.append(lambda: beside(app, ticking(jobs, stop)))
    if (reach := outward(said)) is not None:
        app.state.messenger = Messenger(world, reach)
        app.on_startup.append(lambda: beside(app, app.state.messenger.run(stop)))
    for domain in world.domains.values():
        if domain.begins is not None:
            app.on_startup.append(partial(_begin, app, domain.begins))
    deliverer = Deliverer(world, app.state.poster)
    app.on_startup.append(lambda: beside(app, deliverer.run(stop)))
    if said.nats_url:
        from anlan.app.publish import Publisher  # noqa: PLC0415 - as above
        from anlan.links.nats import Stream  # noqa: PLC0415 - the same

        publisher = Publisher(world, Stream(said))
        app.on_startup.append(lambda: beside(app, publisher.run(stop)))
    if said.ami_url:
        app.state.telephone = Asterisk(said.ami_url, partial(heard, world))
        app.on_startup.append(lambda: beside(app, app.state.telephone.run(), 0))


async def _unheard_of(_topic: str, _payload: bytes) -> None:
    """The same for messages of devices."""


async def _unheard(_event: CallEvent) -> None:
    """Nobody listens: the link is only looked at."""


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        where = "".join(traceback.format_tb(error.__traceback__))
        logging.getLogger("anlan").error("%s stopped with %s\n%s", task.get_name(), type(error).__name__, where)


def _begin(app: Litestar, begins: Callable[..., Coroutine[Any, Any, None]]) -> None:
    """A line of work's own, from now on."""
    world = app.state.world
    beside(app, begins(world, app.state.health.stop, settings(world.store.home)))


def fallen_behind(world: World) -> list[Refused]:
    """Where the ledgers fall short of what was published of them: an older state was restored, or history rewritten."""
    folders = checkpoints_at(world.store.home, settings(world.store.home).checkpoints)
    return [refused for folder in folders for refused in behind(world.store.heads, folder)]


def served() -> Litestar:
    """What the server runs: the installation at ANLAN_HOME, closed in order when it stops. What is opened here is left
    out of every garbage collection, and none is made meanwhile: it would find next to none."""
    gc.disable()
    logs.configure(settings().log_level)
    world = open_world()
    if not world.store.database.shared:  # elsewhere a file may be on its way in
        world.store.files.sweep()
    if (reserve := settings().reserve_mb) and not world.store.database.shared:
        world.store.writer.reserve = Reserve(world.store.home / "reserve", reserve * MB)
    for refused in fallen_behind(world):
        logging.getLogger("anlan").error("%s", text_of(refused.code, dict(refused.params), "en"))
    app = application(world)
    does_by_itself(app, world)
    stops_in_order(app)
    app.on_shutdown.append(world.store.close)
    settled()
    return app


def settled() -> None:
    """What there is by now stays: no garbage collection walks it again, and those of the rest come rarely."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(*COLLECT_AFTER)
