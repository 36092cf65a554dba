"""One pass over a message gives what search, duplicates and the classifier need. It never keeps or writes the message.

A *gram* is one to three neighbouring characters of a Chinese run (or mixed run), or one whole Latin/digit word, as a
number below 2**24: single characters lie in [0, 2**16), pairs in [2**16, 2**23), triples and words in [2**23, 2**24),
so that a consumer takes the kinds it wants with one binary search. A gram cannot be read back with certainty, but a
row of them nearly rebuilds the message: treat a feature row as personal data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

TITLE_MAX: Final = 80
"""Characters of the title that are read."""
TEXT_MAX: Final = 200
"""Characters of the text that are read: what a caller wants is said at the start."""
LONG_MAX: Final = 1000
"""The most that may be asked for instead."""
COUNT_MAX: Final = 4
"""Counts stop here: the weight grows with the logarithm, and two bits keep the stored row small."""
TITLE_WEIGHT: Final = 2
"""A gram of the title counts twice."""
PAIRS_FROM: Final = 1 << 16
TRIPLES_FROM: Final = 1 << 23
GRAMS: Final = 1 << 24
TERM_MAX: Final = 24
"""Longest search term, in characters."""

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"([{_CJK}]+)|([^\\W_{_CJK}]+)")
_TERMS = re.compile(f"(?=([{_CJK}]{{1,2}}|[^\\W_{_CJK}]{{1,{TERM_MAX}}})).")  # what starts at each character
_FULL_WIDTH = tuple(zip("，！？：；（）", ",!?:;()", strict=True))
_GAP, _WORD, _HAN = 0, 1, 2  # the product of two or three tells what they are together
_ROW_START = b"\x01"
_ROWS_AT_ONCE = 5_000
_QUAD = np.array([64, 16, 4, 1], dtype=np.uint8)  # four counts less one, two bits each, in a byte
_QUADS = (np.arange(256, dtype=np.uint8)[:, None] // _QUAD) % 4 + 1
_TAGS = np.array([[PAIRS_FROM], [TRIPLES_FROM]], dtype=np.uint64)
_MULTIPLIERS = np.array([[0x9E3779B97F4A7C15], [0xC2B2AE3D27D4EB4F], [0x165667B19E3779F9]], dtype=np.uint64)
_FIRST_PAIR = np.uint32(PAIRS_FROM)
_EIGHT, _LOW_HALF = np.uint64(8), np.uint64(0xFFFF)
_HALF, _KEPT, _WORD_TAG = np.uint64(31), np.uint64(41), np.uint64(TRIPLES_FROM)
_FINISH = np.uint64(0xFF51AFD7ED558CCD)
_ROLL = np.uint64(0x100000001B3)  # odd, so it has an inverse modulo 2**64
_UNROLL = np.uint64(pow(0x100000001B3, -1, 1 << 64))


def _kinds(text: str) -> NDArray[np.uint8]:
    found = np.full(len(text), _GAP, np.uint8)
    for run in _RUNS.finditer(text):
        found[run.start() : run.end()] = _HAN if run[1] else _WORD
    return found


_WEIGHTS = np.repeat(np.array([TITLE_WEIGHT, 1], np.uint64), [2 * TITLE_MAX, 2 * LONG_MAX + 1])
_KINDS = _kinds("".join(map(chr, range(1 << 16))))


def _powers(base: np.uint64, count: int) -> NDArray[np.uint64]:
    return np.concatenate(([np.uint64(1)], np.full(count, base).cumprod(dtype=np.uint64)))


_ROLLS = _powers(_ROLL, 2 * (TITLE_MAX + LONG_MAX) + 1)
_UNROLLS = _powers(_UNROLL, 2 * (TITLE_MAX + LONG_MAX) + 1)


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
        return self.grams[self.grams.searchsorted(_FIRST_PAIR) :]


def normalise(text: str) -> str:
    """Half width, one form per character (NFKC), no letter case."""
    if text.isascii():
        return text.lower()
    for full, half in _FULL_WIDTH:  # mostly all there is to change; NFKC then sees so at a glance and is 6 times faster
        text = text.replace(full, half)
    return unicodedata.normalize("NFKC", text).casefold()


def features(title: str, text: str, text_max: int = TEXT_MAX) -> Features:
    """The grams of a title and the first `text_max` characters of its text. An empty message has none.

    Raises ValueError for a `text_max` above 1000.
    """
    if text_max > LONG_MAX:
        raise ValueError(f"at most {LONG_MAX} characters of a text are read")
    head = normalise(title[:TITLE_MAX])[: 2 * TITLE_MAX]
    body = head + "\n" + normalise(text[:text_max])[: 2 * text_max]
    grams, found = _spans(*_codes(body))
    weights = _WEIGHTS[2 * TITLE_MAX - len(head) :][: len(body)]
    grams <<= _EIGHT
    grams |= weights
    return Features(*_tally(grams[found].astype(np.uint32)), body)


def gram_positions(text: str) -> tuple[NDArray[np.uint32], NDArray[np.intp], NDArray[np.intp]]:
    """Every gram of an already normalised text with its first character and its length, for spelling out a reason."""
    codes, kinds = _codes(text)
    grams, found = _spans(codes, kinds)
    rows, starts = found.nonzero()
    lengths = rows + 1
    first, end = _words(kinds)
    lengths[np.searchsorted(starts[: np.count_nonzero(found[0])], first)] = end - first
    return grams[found].astype(np.uint32), starts, lengths


def _codes(text: str) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """The code and the kind of each character; half a surrogate pair counts as a question mark."""
    units = np.frombuffer(text.encode("utf-16-le", "replace"), dtype="<u2")
    if units.size == len(text):
        return units.astype(np.uint64), _KINDS.take(units)
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    return codes.astype(np.uint64), _kinds(text)


def _spans(codes: NDArray[np.uint64], kinds: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The spans that start at each of n characters, shape (3, n), and which of them are grams.

    Row 0: a CJK character, or the whole word that starts there. Row 1: pairs with at least one CJK character. Row 2:
    triples. Spans are hashed at every character and picked afterwards: fewer, longer array operations.
    """
    grams = np.zeros((3, codes.size), dtype=np.uint64)
    found = np.zeros((3, codes.size), dtype=np.bool_)
    np.bitwise_and(codes, _LOW_HALF, out=grams[0])
    np.equal(kinds, _HAN, out=found[0])
    if codes.size > 1:
        one, two, three = codes * _MULTIPLIERS
        pairs = np.add(one[:-1], two[1:], out=grams[1, :-1])
        np.add(pairs[:-1], three[2:], out=grams[2, :-2])
        longer = grams[1:]
        _spread(longer)
        longer |= _TAGS
        of_two = kinds[:-1] * kinds[1:]
        np.greater(of_two, _WORD, out=found[1, :-1])  # neither is a gap and one is CJK
        np.greater(of_two[:-1] * kinds[2:], _GAP, out=found[2, :-2])
    starts, ends = _words(kinds)
    if starts.size:
        grams[0, starts] = _spread(_rolled(codes, starts, ends)) | _WORD_TAG
        found[0, starts] = True
    return grams, found


def _spread(mixed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A multiply-shift hash to 23 bits, in place; the bit of its kind, set in all, then puts a gram in the range of its
    kind."""
    mixed ^= mixed >> _HALF
    mixed *= _FINISH
    mixed >>= _KEPT
    return mixed


def _words(kinds: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first character of each Latin/digit word and the one after its last."""
    fenced = np.zeros(kinds.size + 2, dtype=np.bool_)
    np.equal(kinds, _WORD, out=fenced[1:-1])
    edges = (fenced[1:] != fenced[:-1]).nonzero()[0]
    return edges[::2], edges[1::2]


def _rolled(codes: NDArray[np.uint64], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.uint64]:
    """A rolling hash of each word: a difference of prefix sums, shifted back to the word's start."""
    sums = np.zeros(codes.size + 1, dtype=np.uint64)
    (codes * _ROLLS[: codes.size]).cumsum(out=sums[1:])
    return (sums[ends] - sums[starts]) * _UNROLLS[starts]


def _tally(packed: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Sorted unique grams and their capped weight sums, from grams in the upper 24 bits and weights in the lower 8."""
    if packed.size == 0:
        return packed, np.zeros(0, dtype=np.uint8)
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
    narrow = row.grams.astype("<u4", copy=False).view(np.uint8).reshape(-1, 4)[:, :3]
    quads = np.zeros((-(-row.counts.size // 4), 4), dtype=np.uint8)
    quads.reshape(-1)[: row.counts.size] = row.counts - 1
    return _ROW_START + narrow.tobytes() + (quads @ _QUAD).tobytes()


def from_bytes(row: bytes) -> Features:
    """The inverse of `to_bytes`, without the text. Raises ValueError for a row it did not write."""
    return many_from_bytes([row])[0]


def many_from_bytes(rows: Sequence[bytes]) -> list[Features]:
    """The inverse of `to_bytes` for many rows, five times faster than one by one. Raises ValueError as `from_bytes`."""
    found: list[Features] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        found += _decoded(rows[start : start + _ROWS_AT_ONCE])
    return found


def _decoded(rows: Sequence[bytes]) -> list[Features]:
    sizes = [_size(row) for row in rows]
    narrow = np.frombuffer(b"".join([row[1 : 1 + 3 * size] for row, size in zip(rows, sizes, strict=True)]), np.uint8)
    wide = np.zeros((narrow.size // 3, 4), dtype=np.uint8)
    wide[:, :3] = narrow.reshape(-1, 3)
    grams = wide.reshape(-1).view("<u4").astype(np.uint32, copy=False)
    ends = list(accumulate(sizes))
    rising = np.append(grams[1:] > grams[:-1], True)
    rising[[end - 1 for end in ends if end]] = True  # the next row starts anew
    if not rising.all():
        raise ValueError("the grams of a feature row are sorted and unique")
    packed = b"".join([row[1 + 3 * size :] for row, size in zip(rows, sizes, strict=True)])
    counts = _QUADS.take(np.frombuffer(packed, np.uint8), axis=0).reshape(-1)
    starts = accumulate((-(-size // 4) * 4 for size in sizes), initial=0)
    return [
        Features(grams[end - size : end], counts[start : start + size])
        for size, end, start in zip(sizes, ends, starts, strict=False)
    ]


def _size(row: bytes) -> int:
    """How many grams a stored row holds."""
    if not row.startswith(_ROW_START):
        raise ValueError("a feature row starts with its version, 1")
    size = (len(row) - 1) * 4 // 13
    if 3 * size + (size + 3) // 4 != len(row) - 1:
        raise ValueError(f"a feature row of {len(row) - 1} bytes fits no whole number of grams")
    return size


def search_terms(text: str) -> list[str]:
    """Terms for a full-text index, in order, each once.

    A Chinese run gives its pairs and its last character alone; a Latin/digit word gives its endings (so that the last
    digits of a plate find it), each cut to 24 characters.
    """
    return list(dict.fromkeys(_TERMS.findall(normalise(text))))


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
