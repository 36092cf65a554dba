"""Proofs against the recursive definitions of RFC 6962 and 9162, over all leaves: they hold, or fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.loop.ledger import EMPTY_ROOT, TILE_LEAVES, included, leaf_hash, node_hash, perfect_root, root_of
from anlan.loop.proof import Node, consistency_proof, consistent, inclusion_proof, root_at, tile_nodes

LEAVES = [leaf_hash(b"fact %d" % i) for i in range(1300)]
SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 31, 33]


def split(count: int) -> int:
    found = 1
    while found * 2 < count:
        found *= 2
    return found


def path_defined(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path_defined(index, leaves[:k]), root_of(leaves[k:])]
    return [*path_defined(index - k, leaves[k:]), root_of(leaves[:k])]


def proof_defined(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1, word for word."""
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*proof_defined(old, leaves[:k], whole), root_of(leaves[k:])]
    return [*proof_defined(old - k, leaves[k:], False), root_of(leaves[:k])]


def kept(leaves: Sequence[bytes]) -> Node:
    """The nodes as a store keeps them: tiles of two levels, the last of each partial."""
    whole = len(leaves) // TILE_LEAVES
    above = [perfect_root(leaves[i * TILE_LEAVES : (i + 1) * TILE_LEAVES]) for i in range(whole)]

    def tile(level: int, index: int, width: int) -> bytes:
        row = (leaves, above)[level][index * TILE_LEAVES : index * TILE_LEAVES + width]
        return b"".join(row)

    return tile_nodes(tile, len(leaves))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_proofs_from_tiles_are_the_definition(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves, node = LEAVES[:size], kept(LEAVES[:size])
    assert inclusion_proof(node, index, size) == path_defined(index, leaves)
    assert consistency_proof(node, old, size) == proof_defined(old, leaves)
    assert root_at(node, old) == root_of(leaves[:old])
    assert included(LEAVES[index], index, size, path_defined(index, leaves), root_of(leaves))
    assert consistent(old, root_of(leaves[:old]), size, root_of(leaves), proof_defined(old, leaves))


@pytest.mark.parametrize("size", SIZES)
def test_an_inclusion_proof_fails_when_anything_changes(size: int) -> None:
    leaves, root, node = LEAVES[:size], root_of(LEAVES[:size]), kept(LEAVES[:size])
    for index in range(size):
        path = inclusion_proof(node, index, size)
        assert included(leaves[index], index, size, path, root)
        assert not included(LEAVES[599], index, size, path, root)
        assert not included(leaves[index], index, size, path, LEAVES[598])
        assert not included(leaves[index], index, size, [*path, LEAVES[0]], root)
        assert not any(included(leaves[index], other, size, path, root) for other in range(size) if other != index)
        for step in range(len(path)):
            assert not included(leaves[index], index, size, path[:step] + path[step + 1 :], root)
            assert not included(leaves[index], index, size, [*path[:step], LEAVES[597], *path[step + 1 :]], root)


@pytest.mark.parametrize("size", SIZES)
def test_a_consistency_proof_fails_when_anything_changes(size: int) -> None:
    root, node = root_of(LEAVES[:size]), kept(LEAVES[:size])
    for old in range(1, size + 1):
        before, path = root_of(LEAVES[:old]), consistency_proof(node, old, size)
        forked = root_of([*LEAVES[: old - 1], LEAVES[599]])
        assert consistent(old, before, size, root, path)
        assert not consistent(old, forked, size, root, path)
        assert not consistent(old, before, size, LEAVES[598], path)
        assert not consistent(old, before, size, root, [*path, LEAVES[0]])
        for step in range(len(path)):
            assert not consistent(old, before, size, root, path[:step] + path[step + 1 :])
            assert not consistent(old, before, size, root, [*path[:step], LEAVES[597], *path[step + 1 :]])


def test_an_empty_tree_begins_every_other_and_none_begins_a_smaller() -> None:
    root = root_of(LEAVES[:3])
    assert consistent(0, EMPTY_ROOT, 3, root, [])
    assert not consistent(0, root, 3, root, [])
    assert not consistent(3, root, 2, root_of(LEAVES[:2]), [])
    assert not consistent(2, root_of(LEAVES[:2]), 3, root, [])
    assert root_at(kept(LEAVES[:3]), 0) == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_for_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such entry"):
        inclusion_proof(kept(LEAVES[:3]), index, size)
    assert not included(LEAVES[0], index, size, [], root_of(LEAVES[:3]))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_no_proof_from_newer_to_older(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="older tree"):
        consistency_proof(kept(LEAVES[:3]), old, new)


def test_a_tile_that_is_too_short_is_no_proof() -> None:
    with pytest.raises(LookupError, match="too short"):
        tile_nodes(lambda _level, _index, _width: node_hash(b"", b""), 9)(3, 0)
