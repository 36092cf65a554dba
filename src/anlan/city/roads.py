"""The road graph of a city as plain arrays: nodes, directed arcs, metres, seconds. No routing here; engines do that."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anlan.city.errors import CityError
from anlan.city.geo import EARTH_RADIUS_M, check_place, distance_m

MINOR, MAIN, EXPRESSWAY, FERRY = 0, 1, 2, 3
COLUMNS: Final = {
    "lon": np.float64,
    "lat": np.float64,
    "tail": np.int32,
    "head": np.int32,
    "metres": np.float32,
    "seconds": np.float32,
    "kind": np.int8,
    "name": np.int32,
    "names": np.str_,
}
SPEED_MAX_M_S: Final = 140.0 / 3.6
CHORD_SLACK_M: Final = 3.0  # coordinates are kept to a metre


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """n nodes (`lon`, `lat`, WGS84 degrees) and m directed arcs from node `tail` to node `head`.

    `metres` and `seconds` (free flow) per arc; `kind` is MINOR, MAIN, EXPRESSWAY or FERRY; `names[name[arc]]` is the
    road's name, "" for none. `order` is what a router works out once for the graph (which node comes when), None where
    nobody has yet. Arrays are read-only.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    metres: NDArray[np.float32]
    seconds: NDArray[np.float32]
    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    names: NDArray[np.str_]
    order: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        for column in COLUMNS:
            getattr(self, column).setflags(write=False)

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s of every start, which seeks no node

        return cKDTree(_on_sphere(self.lon, self.lat))

    def nearest_node(self, lon: float, lat: float) -> tuple[int, float]:
        """Index of the node nearest to a place and the metres to it. Raises `roads.empty`, `place.*`."""
        check_place(lon, lat)
        if not len(self.lon):
            raise CityError("roads.empty")
        chord, node = self._tree.query(_on_sphere(np.array([lon]), np.array([lat]))[0])
        return int(node), float(2.0 * EARTH_RADIUS_M * np.arcsin(min(1.0, chord / 2.0)))


def save_roads(graph: RoadGraph) -> bytes:
    """The graph as an uncompressed .npz; the same graph gives the same bytes."""
    file = io.BytesIO()
    np.savez(file, **{column: getattr(graph, column) for column in COLUMNS})
    return file.getvalue()


def load_roads(data: bytes) -> RoadGraph:
    """A graph from `save_roads`. Raises `roads.not_npz`, `roads.column_missing`, `roads.lengths`."""
    columns: dict[str, Any] = {column: array.astype(COLUMNS[column]) for column, array in _arrays(data, *COLUMNS)}
    arcs = {len(columns[c]) for c in ("tail", "head", "metres", "seconds", "kind", "name")}
    if len(arcs) != 1 or len(columns["lon"]) != len(columns["lat"]):
        raise CityError("roads.lengths")
    return RoadGraph(**columns)


def save_order(graph: RoadGraph, order: NDArray[np.int32]) -> bytes:
    """An order of the graph's nodes, with the mark of the graph it was worked out for."""
    file = io.BytesIO()
    np.savez(file, order=order.astype(np.int32), of=_mark(graph))
    return file.getvalue()


def with_order(graph: RoadGraph, data: bytes) -> RoadGraph:
    """The graph with an order from `save_order`. Raises `roads.order` (of another graph), else as `load_roads`."""
    order, of = (array for _, array in _arrays(data, "order", "of"))
    nodes = np.arange(len(graph.lon))
    if not (np.array_equal(of, _mark(graph)) and order.ndim == 1 and np.array_equal(np.sort(order), nodes)):
        raise CityError("roads.order")
    return replace(graph, order=order.astype(np.int32))


def road_problems(graph: RoadGraph) -> Iterator[tuple[str, str, dict[str, object]]]:
    """What would make a route wrong: ends, signs, shorter than a straight line, too fast, not strongly connected."""
    nodes, arcs = len(graph.lon), len(graph.tail)
    if not nodes or not arcs:
        yield "roads.empty", "roads.npz", {}
        return
    if not np.isfinite([graph.lon, graph.lat]).all():
        yield "roads.node_not_finite", "roads.npz", {}
        return
    ends = np.concatenate([graph.tail, graph.head])
    if ends.min() < 0 or ends.max() >= nodes:
        yield "roads.arc_end", "roads.npz", {"nodes": nodes}
        return
    checks = {
        "roads.metres": ~(graph.metres > 0.0),
        "roads.seconds": ~(graph.seconds > 0.0),
        "roads.loop": graph.tail == graph.head,
        "roads.name": (graph.name < 0) | (graph.name >= len(graph.names)),
        "roads.kind": (graph.kind < MINOR) | (graph.kind > FERRY),
        "roads.too_short": graph.metres + CHORD_SLACK_M < _chords(graph),
        "roads.too_fast": graph.metres > graph.seconds * SPEED_MAX_M_S,
    }
    for code, bad in checks.items():
        if bad.any():
            yield code, "roads.npz", {"count": int(bad.sum()), "arc": int(np.flatnonzero(bad)[0])}
    from scipy.sparse import coo_array  # noqa: PLC0415 - as above: only the making of a city counts parts
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    matrix = coo_array((np.ones(arcs, np.int8), (graph.tail, graph.head)), shape=(nodes, nodes))
    parts = int(connected_components(matrix.tocsr(), directed=True, connection="strong")[0])
    if parts != 1:
        yield "roads.not_connected", "roads.npz", {"parts": parts}


def _arrays(data: bytes, *names: str) -> list[tuple[str, NDArray[Any]]]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return [(name, file[name]) for name in names]
    except KeyError as error:
        raise CityError("roads.column_missing", why=str(error)) from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise CityError("roads.not_npz", why=str(error)) from None


def _mark(graph: RoadGraph) -> NDArray[np.uint8]:
    """SHA-256 of what an order depends on: places and ends. Times and names may change under it."""
    parts = (graph.lon, graph.lat, graph.tail, graph.head)
    return np.frombuffer(hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest(), np.uint8)


def _chords(graph: RoadGraph) -> Any:
    tail, head = graph.tail, graph.head
    return distance_m(graph.lon[tail], graph.lat[tail], graph.lon[head], graph.lat[head])


def _on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors, shape (n, 3): nearest by chord is nearest on the ground, at every latitude and across 180°."""
    theta, phi = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])
