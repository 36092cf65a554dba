"""`anlan engine replay`: real calls again, as a page with plots and as JSON."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
import typer

from anlan.cli import plots
from anlan.cli.engine import ARCS, NODES, OSM, SAVED, app
from anlan.cli.responses import read_homes, read_record
from anlan.cli.road_tables import network_of
from anlan.cli.show import bar, refusals, result
from anlan.engines.errors import EngineError
from anlan.engines.replay import Fit, Replayed, Ways, fits, halves, homes, replay
from anlan.engines.travel.network import Network
from anlan.engines.travel.plain import plain_roads
from anlan.engines.travel.sphere import Floats

HOUR_S: Final = 3_600.0
KM_H: Final = 3.6


@app.command("replay")
def replay_calls(
    calls: Path = typer.Option(
        ..., help="Table of responses: incident, unit, kind, sent, rolling, on_scene, free, lon, lat; or DataSF's."
    ),
    units: Path = typer.Option(None, help="Table of homes: unit, lon, lat; learned from the calls without it."),
    saved: Path = SAVED,
    nodes: Path = NODES,
    arcs: Path = ARCS,
    osm: Path = OSM,
    vehicle: str = typer.Option("", help="The vehicle class; the first by default."),
    off_duty_h: float = typer.Option(
        12.0, min=0.1, help="A unit without a call for so long, before and after, is off."
    ),
    report: Path = typer.Option(None, help="Where to write the page."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Replay the second half of a record of calls, with what the first half taught: whom would the engine have sent?

    Without roads a straight line is driven, at a speed that the record itself gives; the answer says so.
    """
    straight = not any((saved, nodes, osm))
    with refusals(), bar("replay") as on_progress:
        record, names, kinds, began = read_record(calls)
        if straight:
            ways = Ways(Network(plain_roads(record.lon, record.lat, 1.0, "straight")), "straight", 1.0)
        else:
            asked = network_of(saved, nodes, arcs, osm)
            ways = Ways(asked, vehicle or asked.vehicles[0])
        first, middle = halves(record)
        home = read_homes(units, names) if units else homes(first, len(names))
        fitted = fits(first, ways, home)
        found = replay(record, middle, ways, home, fitted, off_duty_h * HOUR_S, on_progress)
        if not found.kind.size:
            raise EngineError("replay.nothing")
    by_kind = {kinds[k]: (fitted[k], one) for k in sorted(fitted) if (one := found.of_kind(k)).kind.size}
    said = {
        "roads": "none: a straight line at the fitted speed"
        if straight
        else f"{ways.network.roads.nodes} nodes, {ways.vehicle}",
        "homes": "given" if units else "learned: median of first-sent calls of the first half",
        "responses": len(record.unit),
        "learned_until": (began + timedelta(seconds=middle)).strftime("%Y-%m-%d %H:%M"),
        "off_duty_hours": off_duty_h,
        "kinds": [summary(kind, fit, one, straight=straight) for kind, (fit, one) in by_kind.items()],
    }
    if report is not None:
        report.write_text(page(said, {kind: one for kind, (_, one) in by_kind.items()}), "utf-8")
    result(said if as_json else rows(said), as_json=as_json, title="replay")


def summary(kind: str, fit: Fit, found: Replayed, *, straight: bool) -> dict[str, Any]:
    """A kind in figures; seconds of drives."""
    other = ~found.same
    saved = found.sent_model_s - found.choice_model_s
    return {
        "kind": kind,
        "calls": len(found.kind),
        "same": float(found.same.mean()),
        "in_first_three": float((found.place <= 3).mean()),
        "free_median": float(np.median(found.free)),
        "real_s": _spread(found.real_s),
        "sent_model_s": _spread(found.sent_model_s),
        "engine_model_s": _spread(found.choice_model_s),
        "real_where_same_s": _spread(found.real_s[found.same]),
        "real_where_other_s": _spread(found.real_s[other]),
        "saved_at_most_mean_s": float(saved.mean()),
        "saved_at_most_where_other_s": _spread(saved[other]),
        "fit": {
            "drives": fit.n,
            "start_s": fit.start_s,
            "each": fit.each,
            "km_h": KM_H / fit.each if straight else None,
            "turnout_s": fit.turnout_s,
            "correlation": fit.correlation,
            "apart_s": fit.apart_s,
            "apart_knowing_nothing_s": fit.apart_plain_s,
        },
    }


def rows(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as a table."""
    return [
        {name: one[name] for name in ("kind", "calls", "same", "in_first_three")}
        | {"real_p50_s": one["real_s"]["p50"], "sent_p50_s": one["sent_model_s"]["p50"]}
        | {"engine_p50_s": one["engine_model_s"]["p50"], "correlation": one["fit"]["correlation"]}
        for one in said["kinds"]
    ]


def page(said: dict[str, Any], found: dict[str, Replayed]) -> str:
    """The whole report, one file without scripts."""
    drawn = [
        (
            kind,
            [
                plots.reached(
                    "行驶时间 · Drives",
                    "秒 s",
                    {
                        "实际 real": one.real_s,
                        "模型·所派 sent": one.sent_model_s,
                        "模型·引擎 engine": one.choice_model_s,
                    },
                ),
                plots.reached(
                    "实际行驶：引擎同意与否 · Real drives by agreement",
                    "秒 s",
                    {"同一选择 same": one.real_s[one.same], "另一单位 another": one.real_s[~one.same]},
                ),
                plots.counted(
                    "选择不同时模型所差 · Apart by the model where another",
                    "秒 s",
                    (one.sent_model_s - one.choice_model_s)[~one.same],
                ),
            ],
        )
        for kind, one in found.items()
    ]
    template = (resources.files(__package__) / "replay.html").read_text("utf-8")
    sizes = {"width": plots.WIDTH, "height": plots.HEIGHT, "left": plots.LEFT, "right": plots.RIGHT, "base": plots.BASE}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template).render(said=said, drawn=drawn, **sizes)


def _spread(values: Floats) -> dict[str, float | int | None]:
    known = values[np.isfinite(values)]
    if not known.size:
        return {"n": 0, "mean": None, "p50": None, "p90": None}
    middle, high = np.quantile(known, [0.5, 0.9]).tolist()
    return {"n": len(known), "mean": float(known.mean()), "p50": middle, "p90": high}
