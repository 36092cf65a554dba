"""One pass over a message gives what search, duplicates and the classifier need. It never keeps or writes the message.

A *gram* is one to three neighbouring characters of a Chinese run (or mixed run), or one whole Latin/digit word, as a
number below 2**24: single characters lie in [0, 2**16), pairs in [2**16, 2**23), triples and words in [2**23, 2**24),
so that a consumer takes the kinds it wants with one binary search. A gram cannot be read back with certainty, but a
row of them nearly rebuilds the message: treat a feature row as personal data.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

TITLE_MAX: Final = 80
"""Characters of the title that are read."""
TEXT_MAX: Final = 200
"""Characters of the text that are read: what a caller wants is said at the start."""
COUNT_MAX: Final = 4
"""Counts stop here: the weight grows with the logarithm, and two bits keep the stored row small."""
TITLE_WEIGHT: Final = 2
"""A gram of the title counts twice."""
PAIRS_FROM: Final = 1 << 16
TRIPLES_FROM: Final = 1 << 23
TERM_MAX: Final = 24
"""Longest search term, in characters."""

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"([{_CJK}]+)|([^\\W_{_CJK}]+)")
_IS_CJK = re.compile(f"[{_CJK}]")
_GAP, _HAN, _WORD = 0, 1, 2
_ROW_VERSION = 1
_PAIR_BIT, _TRIPLE_BIT = np.uint32(PAIRS_FROM), np.uint32(TRIPLES_FROM)
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_FINISH = np.uint64(0xFF51AFD7ED558CCD)
_ROLL = np.uint64(0x100000001B3)  # odd, so it has an inverse modulo 2**64
_UNROLL = np.uint64(pow(0x100000001B3, -1, 1 << 64))


def _kind(character: str) -> int:
    if _IS_CJK.match(character):
        return _HAN
    return _WORD if character.isalnum() else _GAP


_KINDS = np.array([_kind(chr(code)) for code in range(1 << 16)], dtype=np.uint8)
_LENGTHS = np.arange(TITLE_MAX + TEXT_MAX + 2)


def _powers(base: np.uint64, count: int) -> NDArray[np.uint64]:
    return np.concatenate(([np.uint64(1)], np.full(count, base).cumprod(dtype=np.uint64)))


_ROLLS = _powers(_ROLL, 4 * (TITLE_MAX + TEXT_MAX))
_UNROLLS = _powers(_UNROLL, 4 * (TITLE_MAX + TEXT_MAX))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The grams of one message.

    `grams`: sorted, unique, uint32 below 2**24. `counts`: uint8 in 1..4, same shape. `text`: the normalised title and
    text while in memory, empty for a stored row; it serves only to spell out shared words.
    """

    grams: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    text: str = ""

    @property
    def wide(self) -> NDArray[np.uint32]:
        """Pairs, triples and words: what tells two messages apart."""
        return self.grams[self.grams.searchsorted(PAIRS_FROM) :]


def normalise(text: str) -> str:
    """Half width, one form per character (NFKC), no letter case."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


def features(title: str, text: str) -> Features:
    """The grams of a title and the first 200 characters of its text. An empty message has none."""
    head = normalise(title[:TITLE_MAX])[: 2 * TITLE_MAX]
    body = head + "\n" + normalise(text[:TEXT_MAX])[: 2 * TEXT_MAX]
    packed = _packed_grams(body)
    weights = np.ones(packed[0].size, dtype=np.uint32)
    weights[packed[1] < len(head)] = TITLE_WEIGHT
    grams, counts = _tally(packed[0], weights)
    return Features(grams, counts, body)


def gram_positions(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Every gram of an already normalised text with its first character and its length, for spelling out a reason."""
    codes, kinds = _codes(text)
    grams, starts, lengths = [], [], []
    for gram, start, length in _all_grams(codes, kinds):
        grams.append(gram)
        starts.append(start)
        lengths.append(np.broadcast_to(length, start.shape))
    return np.concatenate(grams), np.concatenate(starts), np.concatenate(lengths)


def _codes(text: str) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    if codes.size and int(codes.max()) >= 1 << 16:
        kinds = np.array([_kind(character) for character in text], dtype=np.uint8)
    else:
        kinds = _KINDS[codes]
    return codes.astype(np.uint64), kinds


def _packed_grams(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    codes, kinds = _codes(text)
    parts = _all_grams(codes, kinds)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


_Part = tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]


def _all_grams(codes: NDArray[np.uint64], kinds: NDArray[np.uint8]) -> list[_Part]:
    """Singles of CJK, pairs with at least one CJK character, triples, and whole words."""
    solid = kinds > _GAP
    han = kinds == _HAN
    one, two, three = _LENGTHS[1:2], _LENGTHS[2:3], _LENGTHS[3:4]
    singles = han.nonzero()[0]
    parts = [((codes[singles] & np.uint64(0xFFFF)).astype(np.uint32), singles, one)]
    if codes.size > 1:
        joined = solid[:-1] & solid[1:]
        pairs = (joined & (han[:-1] | han[1:])).nonzero()[0]
        mixed = codes[pairs] * _MULTIPLIERS[0] + codes[pairs + 1] * _MULTIPLIERS[1]
        parts.append((_spread(mixed, _PAIR_BIT), pairs, two))
        triples = (joined[:-1] & solid[2:]).nonzero()[0]
        mixed = (codes * _MULTIPLIERS[0])[triples] + (codes * _MULTIPLIERS[1])[triples + 1]
        mixed += (codes * _MULTIPLIERS[2])[triples + 2]
        parts.append((_spread(mixed, _TRIPLE_BIT), triples, three))
    if singles.size < int(solid.sum()):
        parts.append(_words(codes, kinds == _WORD))
    return parts


def _spread(mixed: NDArray[np.uint64], floor: np.uint32) -> NDArray[np.uint32]:
    """A multiply-shift hash of `mixed` to 23 bits; the bit of `floor`, set in all, puts it in its kind's range."""
    mixed ^= mixed >> np.uint64(31)
    mixed *= _FINISH
    mixed >>= np.uint64(41)
    return mixed.astype(np.uint32) | floor


def _words(codes: NDArray[np.uint64], is_word: NDArray[np.bool_]) -> _Part:
    """Whole Latin/digit words by a rolling hash: a difference of prefix sums, shifted back to the word's start."""
    edges = np.diff(is_word.astype(np.int8), prepend=0, append=0)
    starts = (edges == 1).nonzero()[0]
    ends = (edges == -1).nonzero()[0]
    sums = np.zeros(codes.size + 1, dtype=np.uint64)
    np.cumsum(codes * _ROLLS[: codes.size], out=sums[1:])
    rolled = (sums[ends] - sums[starts]) * _UNROLLS[starts]
    return _spread(rolled, _TRIPLE_BIT), starts, ends - starts


def _tally(grams: NDArray[np.uint32], weights: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Sorted unique grams and their capped weight sums; one sort of gram and weight packed in 32 bits."""
    if grams.size == 0:
        return grams.astype(np.uint32), np.zeros(0, dtype=np.uint8)
    packed = (grams << np.uint32(8)) | weights
    packed.sort()
    ordered = packed >> np.uint32(8)
    fresh = np.empty(ordered.size, dtype=np.bool_)
    fresh[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    firsts = fresh.nonzero()[0]
    sums = np.add.reduceat(packed & np.uint32(0xFF), firsts)
    return ordered[firsts], np.minimum(sums, COUNT_MAX).astype(np.uint8)


def to_bytes(row: Features) -> bytes:
    """A feature row for storage: version byte, 3 bytes and 2 bits per gram (about 1 kB for 90 Chinese characters)."""
    narrow = row.grams.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]
    bits = np.unpackbits((row.counts - 1).reshape(-1, 1), axis=1)[:, 6:]
    return bytes([_ROW_VERSION]) + narrow.tobytes() + np.packbits(bits).tobytes()


def from_bytes(row: bytes) -> Features:
    """The inverse of `to_bytes`, without the text. Raises ValueError for a row it did not write."""
    if not row or row[0] != _ROW_VERSION:
        raise ValueError("a feature row starts with its version, 1")
    size = len(row) - 1
    count = size * 4 // 13
    if 3 * count + (count + 3) // 4 != size:
        raise ValueError(f"a feature row of {size} bytes fits no whole number of grams")
    body = np.frombuffer(row, dtype=np.uint8, offset=1)
    wide = np.zeros((count, 4), dtype=np.uint8)
    wide[:, :3] = body[: 3 * count].reshape(count, 3)
    grams = wide.reshape(-1).view("<u4").astype(np.uint32)
    pairs = np.unpackbits(body[3 * count :])[: 2 * count].reshape(count, 2)
    if count > 1 and not bool((grams[1:] > grams[:-1]).all()):
        raise ValueError("the grams of a feature row are sorted and unique")
    return Features(grams, (pairs[:, 0] * 2 + pairs[:, 1] + 1).astype(np.uint8))


def search_terms(text: str) -> list[str]:
    """Terms for a full-text index, in order, each once.

    A Chinese run gives its pairs and its last character alone; a Latin/digit word gives its endings (so that the last
    digits of a plate find it), each cut to 24 characters.
    """
    terms: dict[str, None] = {}
    for han, word in _RUNS.findall(normalise(text)):
        if han:
            terms.update(dict.fromkeys([han[i : i + 2] for i in range(len(han))]))  # the last is one character
        else:
            terms.update(dict.fromkeys(word[start : start + TERM_MAX] for start in range(len(word))))
    return list(terms)


def query_terms(query: str) -> list[str]:
    """What to ask the index for: all of these occur in any text that contains `query` (both normalised).

    A term that ends in `*` is a prefix. Raises ValueError where the query has neither letter nor digit.
    """
    wanted = normalise(query)
    runs = [(found.group(1), found.group(2), found.end()) for found in _RUNS.finditer(wanted)]
    if not runs:
        raise ValueError("a query needs a letter, a digit or a Chinese character")
    terms: dict[str, None] = {}
    for han, word, end in runs:
        if han and len(han) > 1:
            terms.update(dict.fromkeys([han[i : i + 2] for i in range(len(han) - 1)]))
        elif han:
            terms[han + "*"] = None  # it may be followed by more of its run
        else:
            open_end = end == len(wanted) and len(word) < TERM_MAX
            terms[word[:TERM_MAX] + ("*" if open_end else "")] = None
    return list(terms)
