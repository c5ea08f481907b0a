"""Signatures miss nothing that contains a word, and little else stands out by chance."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from chat import queries, signatures

WIDTH = 64
TEXTS = st.lists(st.text(max_size=40).map(queries.fold), max_size=WIDTH)


def stored(texts: Iterable[tuple[int, Iterable[int]]]) -> dict[int, bytes]:
    slices = signatures.sliced(WIDTH, texts)
    return {index: signatures.packed(bits, WIDTH) for index, bits in slices.items() if bits}


def candidates(texts: list[str], word: str) -> set[int]:
    """The numbers of the texts that may contain the word."""
    of_all = stored((number, signatures.slots(text)) for number, text in enumerate(texts))
    return set(signatures.descending(signatures.candidates(WIDTH, of_all, signatures.telling(word))))


@given(TEXTS, st.data())
def test_nothing_that_contains_a_word_is_missed(texts: list[str], data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([*texts, "привет"]))
    start = data.draw(st.integers(0, len(source)))
    word = source[start : start + data.draw(st.integers(1, 12))]
    assert {number for number, text in enumerate(texts) if word and word in text} <= candidates(texts, word)


def test_what_does_not_contain_it_is_mostly_ruled_out() -> None:
    texts = [f"сообщение номер {number} 你好世界 message" for number in range(WIDTH)]
    words = ("экскаватор", "xylophone", "气")
    assert 7 in candidates(texts, "номер 7")
    assert all(candidates(texts, word) == set() for word in words)


def test_what_has_no_signature_is_always_read() -> None:
    texts = [(3, [signatures.OPAQUE]), (5, signatures.slots("tea"))]
    found = signatures.candidates(WIDTH, stored(texts), signatures.telling("tea"))
    assert list(signatures.descending(found)) == [5, 3]


def test_marks_are_no_pieces_of_texts() -> None:
    texts = [(1, signatures.slots("from", [signatures.sender(1)])), (2, signatures.slots("link image from1"))]
    wanted = [signatures.slot(signatures.sender(1))]
    assert 1 in signatures.descending(signatures.candidates(WIDTH, stored(texts), wanted))


@given(st.integers(0, 2**WIDTH - 1))
def test_a_slice_is_stored_as_it_is(bits: int) -> None:
    assert signatures.unpacked(signatures.packed(bits, WIDTH), WIDTH) == bits
    assert list(signatures.descending(bits)) == [place for place in range(WIDTH - 1, -1, -1) if bits >> place & 1]
