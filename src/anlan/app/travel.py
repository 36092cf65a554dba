"""The city's roads, to be asked for times by vehicle class: prepared once, kept in the pack, read on first use."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from anlan.city.pack import ORDER, City
from anlan.city.roads import EXPRESSWAY, FERRY, RoadGraph, load_roads, save_order
from anlan.engines.travel.network import Network
from anlan.engines.travel.roads import Roads

CAR, MOTORCYCLE, FOOT = "car", "motorcycle", "foot"
FOOT_M_S: Final = 1.4
"""A brisk walk."""
MOTORCYCLE_SHARE: Final = 0.85
"""Of a car's time in streets, where a motorcycle passes what stands. An assumption: re-weight where it is known."""


@lru_cache(maxsize=2)
def network(city: City) -> Network | None:
    """The city's network for `car`, `motorcycle` and `foot`; None where its roads are not known. Raises EngineError.

    Free flow: `Network.reweighted` takes what traffic does to it.
    """
    if city.roads is None:
        return None
    if city.roads.order is None:
        logging.getLogger("anlan").warning("the roads are prepared anew at each start: run `anlan city roads` once")
    return network_of(city.roads)


def network_of(graph: RoadGraph) -> Network:
    """The same for a graph, with its order where it has one.

    On foot no expressway is walked, the ferry takes its time, and a one-way street is walked both ways.
    """
    street = graph.kind < EXPRESSWAY
    walk = np.where(graph.kind == FERRY, graph.seconds, np.where(street, graph.metres / FOOT_M_S, np.inf))
    seconds = {
        CAR: graph.seconds,
        MOTORCYCLE: graph.seconds * np.where(street, MOTORCYCLE_SHARE, 1.0),
        FOOT: walk,
    }
    metres = graph.metres.astype(np.float64)
    return Network(
        Roads(graph.lon, graph.lat, graph.tail, graph.head, metres, seconds), order=graph.order, walks=[FOOT]
    )


def prepare(pack: Path) -> Network | None:
    """Work out the order of the roads of the pack in a folder and keep it beside them. None where it has no roads."""
    file = pack / "roads.npz"
    if not file.is_file():
        return None
    graph = load_roads(file.read_bytes())
    made = network_of(graph)
    if made.order is not None:
        (pack / ORDER).write_bytes(save_order(graph, made.order))
    return made
