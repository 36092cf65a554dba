"""Hot topics: groups of open matters that resemble each other, for a person to review and join. It joins nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from anlan.engines.merge import MergeIndex

THRESHOLD: Final = 0.2
"""Cosine from which two messages count as near."""
NEIGHBOURS: Final = 10
SIZE_MIN: Final = 3


@dataclass(frozen=True, slots=True)
class Topic:
    """At least `size_min` matters; `keys` oldest key first; `centre` has the most near neighbours among them."""

    centre: int
    keys: tuple[int, ...]


def cluster(
    index: MergeIndex, threshold: float = THRESHOLD, neighbours: int = NEIGHBOURS, size_min: int = SIZE_MIN
) -> list[Topic]:
    """Topics by text among all open matters, largest first.

    Two matters are linked when each is among the other's `neighbours` nearest and their cosine reaches `threshold`;
    asking for both sides keeps a message that resembles everything from chaining topics together. About 0.15 ms per
    matter. Raises ValueError for a threshold outside (0, 1], or fewer than one neighbour or two members.
    """
    if not 0 < threshold <= 1:
        raise ValueError("the threshold is a cosine in (0, 1]")
    if neighbours < 1 or size_min < 2:
        raise ValueError("a topic needs at least one neighbour and two members")
    near = {key: index.near_in_text(key, threshold, neighbours) for key in index}
    links = {key: {other for other in others if key in near[other]} for key, others in near.items()}
    topics = []
    for members in _components(links).values():
        if len(members) >= size_min:
            centre = max(members, key=lambda key: (len(links[key]), -key))
            topics.append(Topic(centre, tuple(sorted(members))))
    return sorted(topics, key=lambda topic: (-len(topic.keys), topic.keys))


def _components(links: dict[int, set[int]]) -> dict[int, list[int]]:
    """Connected components by union-find with path halving."""
    parent = {key: key for key in links}

    def root(key: int) -> int:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for key, others in links.items():
        for other in others:
            parent[root(other)] = root(key)
    members: dict[int, list[int]] = defaultdict(list)
    for key in links:
        members[root(key)].append(key)
    return members
