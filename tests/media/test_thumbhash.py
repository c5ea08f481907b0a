"""ThumbHash against what the original (npm's thumbhash 0.1.1) says of the same pictures."""

from __future__ import annotations

import pytest

from media import thumbhash

ORIGINAL = {
    (32, 24, False): "dff7093d9a7087778176775887679788837007f877",
    (24, 32, False): "e0070a351a7077717888765896967878918006f877",
    (32, 32, False): "e0070a3f1a70877770888778767785789887170979808f07",
    (32, 1, False): "93f62a59be8487878888087b8b874f8808",
    (1, 1, False): "000802070000000000000000000000000000000000000000",
    (32, 20, True): "6238862b8c27b16a90784895a037fa75303b8888888877",
    (7, 32, True): "237982090212c3b068389ad2b03cfc7470777888877887",
}


def picture(width: int, height: int, has_alpha: bool) -> bytes:
    """By a rule that was the same for the original."""
    return bytes(
        value
        for y in range(height)
        for x in range(width)
        for value in (
            x * 255 // (width - 1 or 1),
            y * 255 // (height - 1 or 1),
            (x * 7 + y * 13) % 256,
            x * 9 % 256 if has_alpha else 255,
        )
    )


@pytest.mark.parametrize("shape", ORIGINAL)
def test_the_hash_is_that_of_the_original(shape: tuple[int, int, bool]) -> None:
    """But for waves of no height at all, which fall to one side or the other of a half."""
    ours, theirs = thumbhash.encode(*shape[:2], picture(*shape)).hex(), ORIGINAL[shape]
    assert len(ours) == len(theirs)
    assert ours[:10] == theirs[:10]
    assert all(one == other or {one, other} == {"7", "8"} for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("alpha", [0, 255])
def test_one_colour_alone_has_a_hash(alpha: int) -> None:
    assert 5 < len(thumbhash.encode(32, 32, bytes((200, 100, 50, alpha)) * 1024)) <= 25
