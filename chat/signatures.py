"""Signatures: which of many thousand texts may contain some words, from one bit of each text for each short piece.

A text is cut into its grams, all its pieces of one, two and three characters; each gram has a slot, and a text's
signature has the bits of its grams' slots. Characters that are words, as in Chinese, make no pieces of three, and have
several slots each: they are looked for alone. Turned by a quarter, the signatures of many texts are slices: a slice
holds the bit of one slot of every text. Texts that may contain a word have their bit in all slices of the word's grams.
Nothing that contains it is missed; what is found has to be read. Pure: knows no database.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import filterfalse
from operator import add

SLOTS = 2048
OPAQUE = SLOTS  # the slice of texts that have no signature and have to be read in any case
SLICES = SLOTS + 1
ASKED = 6  # slices that are read for one word: more would rule out hardly anything more
FEW = 2  # texts: to read them costs less than to open another slice
DENSE = 0.9  # of its size: a slice that does not get smaller than that is stored as it is
WORDS_FROM = "\u2e80"  # from here on characters are words, as in Chinese, or pictures
AGAIN = ("\1", "\2", "\3", "\4")
_KNOWN_MAX = 200_000  # grams whose slots are remembered

# What a message is besides its text: of such a slot no text has a gram (folded texts have no control characters).
LINK, IMAGE, AUDIO = "\0link", "\0image", "\0audio"

_known: dict[str, int] = {}


def sender(user_id: int) -> str:
    return f"\0from{user_id}"


def slot(gram: str) -> int:
    found = _known.get(gram)
    if found is None:
        if len(_known) >= _KNOWN_MAX:
            _known.clear()
        found = _known[gram] = zlib.crc32(gram.encode()) % SLOTS
    return found


def grams(folded: str) -> set[str]:
    """Its pieces of one, two and three characters, and what stands for a character that is a word."""
    singles = set(folded)
    pairs = list(map(add, folded, folded[1:]))
    threes = map(add, pairs, folded[2:])
    if max(singles, default="") < WORDS_FROM:
        return singles.union(pairs, threes)
    words = [one for one in singles if one >= WORDS_FROM]
    return singles.union(pairs, filterfalse(_is_of_words, threes), (one + again for one in words for again in AGAIN))


def _is_of_words(gram: str) -> bool:
    return min(gram) >= WORDS_FROM


def slots(folded: str, marks: Iterable[str] = ()) -> set[int]:
    """Where a text has its bits."""
    found = grams(folded)
    found.update(marks)
    try:
        return set(map(_known.__getitem__, found))
    except KeyError:
        return set(map(slot, found))


def telling(word: str) -> list[int]:
    """The slots to ask for a word: of its longest grams first, spread over it."""
    chosen: dict[int, None] = {}
    for some in (_threes(word), _pieces(word, 2), _words(word), _pieces(word, 1) if len(word) < 3 else []):
        chosen |= dict.fromkeys(map(slot, some[:: -(-len(some) // ASKED) or 1]))
    return list(chosen)[:ASKED]


def _threes(word: str) -> list[str]:
    return [gram for gram in _pieces(word, 3) if not _is_of_words(gram)]


def _words(word: str) -> list[str]:
    return [one + again for one in word if one >= WORDS_FROM for again in ("", *AGAIN)]


def _pieces(word: str, length: int) -> list[str]:
    return [word[place : place + length] for place in range(len(word) - length + 1)]


def sliced(width: int, texts: Iterable[tuple[int, Iterable[int]]]) -> dict[int, int]:
    """The slices of `width` texts, each an integer whose bit n belongs to text n, from each text's number and slots.

    Texts are taken one after the other: their slots need much more room than the slices.
    """
    rows = [bytearray(width // 8) for _ in range(SLICES)]
    for number, its_slots in texts:
        place, bit = number >> 3, 1 << (number & 7)
        for its_slot in its_slots:
            rows[its_slot][place] |= bit
    return {index: int.from_bytes(row, "little") for index, row in enumerate(rows)}


def candidates(width: int, stored: Mapping[int, bytes], wanted: Sequence[int]) -> int:
    """The bits of the texts that have all these slots, or no signature.

    The sparsest slices tell most, and are the shortest.
    """
    if any(index not in stored for index in wanted):
        found = 0
    else:
        found = (1 << width) - 1
        for content in sorted((stored[index] for index in wanted), key=len):
            if found.bit_count() <= FEW:
                break
            found &= unpacked(content, width)
    return found | unpacked(stored[OPAQUE], width) if OPAQUE in stored else found


def packed(bits: int, width: int) -> bytes:
    """A slice as it is stored."""
    plain = bits.to_bytes(width // 8, "little")
    small = zlib.compress(plain, 6)
    return small if len(small) < DENSE * len(plain) else plain


def unpacked(content: bytes, width: int) -> int:
    return int.from_bytes(content if len(content) == width // 8 else zlib.decompress(content), "little")


def descending(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, the highest first."""
    digits = f"{bits:b}"
    at, last = digits.find("1"), len(digits) - 1
    while at >= 0:
        yield last - at
        at = digits.find("1", at + 1)
