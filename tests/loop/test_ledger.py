"""The Merkle tree against RFC 6962: known answers and the recursive definition."""

from __future__ import annotations

from hashlib import sha256

import pytest

from anlan.loop.ledger import (
    EMPTY_ROOT,
    TILE_LEAVES,
    Checkpoint,
    Frontier,
    leaf_hash,
    node_hash,
    perfect_root,
    root_of,
)

LEAVES = [leaf_hash(b"fact %d" % i) for i in range(600)]
KNOWN_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
"""The inputs that certificate-transparency implementations share, and the roots over the first 1, 2, … of them."""
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


def test_known_answers() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    leaves = [leaf_hash(bytes.fromhex(text)) for text in KNOWN_INPUTS]
    assert [root_of(leaves[: n + 1]).hex() for n in range(len(leaves))] == KNOWN_ROOTS


def test_a_leaf_is_not_a_node() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_a_growing_frontier_is_the_definition_at_every_size() -> None:
    frontier = Frontier()
    for size in range(len(LEAVES) + 1):
        assert frontier.root() == defined(LEAVES[:size]), size
        assert len(frontier.roots) == size.bit_count()
        if size < len(LEAVES):
            frontier.append(LEAVES[size])


def test_a_frontier_comes_back_from_its_bytes_and_grows_on() -> None:
    for size in (0, 1, 2, 3, 255, 256, 257, 511):
        grown = Frontier()
        for leaf in LEAVES[:size]:
            grown.append(leaf)
        again, copy = Frontier.from_bytes(size, grown.to_bytes()), grown.copy()
        again.append(LEAVES[size])
        assert again.root() == defined(LEAVES[: size + 1])
        assert copy.root() == grown.root() == defined(LEAVES[:size])


@pytest.mark.parametrize(("size", "roots"), [(1, 0), (2, 2), (3, 1), (0, 1)])
def test_a_frontier_with_the_wrong_number_of_roots_is_none(size: int, roots: int) -> None:
    with pytest.raises(ValueError, match="one root for each set bit"):
        Frontier(size, LEAVES[:roots])


def test_tiles_join_at_their_boundary_only() -> None:
    frontier = Frontier()
    frontier.append_tile(perfect_root(LEAVES[:TILE_LEAVES]))
    frontier.append_tile(perfect_root(LEAVES[TILE_LEAVES : 2 * TILE_LEAVES]))
    frontier.append(LEAVES[512])
    assert frontier.root() == defined(LEAVES[:513])
    with pytest.raises(ValueError, match="boundary"):
        frontier.append_tile(LEAVES[0])


def test_what_is_signed_names_ledger_size_root_and_time() -> None:
    text = Checkpoint("370202", 3, "ab", 5).signed_text()
    assert text == b"anlan/370202\n3\nqw==\nat 5\n"
