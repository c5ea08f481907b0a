"""Cleaning one file in its process, for tests."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest
from PIL import Image

import media


@dataclass
class Answer:
    """What came of a file: `made` with the cleaned content, or the reason of a refusal."""

    made: media.Made | None
    refused: str | None
    content: bytes = b""


Clean = Callable[..., Answer]


def picture(content: Path | bytes) -> Image.Image:
    """What a file shows, held in memory."""
    return Image.open(io.BytesIO(content if isinstance(content, bytes) else content.read_bytes()))


@pytest.fixture
def clean(tmp_path: Path) -> Clean:
    """Cleans bytes as an upload; keywords are those of `media.Limits`. Each time in a folder of its own."""

    def run(content: bytes, voice: bool = False, **limits: object) -> Answer:
        source, folder = tmp_path / "incoming", Path(mkdtemp(dir=tmp_path))
        source.write_bytes(content)
        try:
            made = media.clean(source, folder, media.Limits(**limits), voice)
        except media.Refused as refused:
            return Answer(None, refused.reason)
        left = {path for path in (made.original, made.small, made.large) if path}
        assert set(folder.iterdir()) == left, "nothing is left lying about"
        assert made.size == made.original.stat().st_size
        assert source.read_bytes() == content, "what came in is left as it is"
        return Answer(made, None, made.original.read_bytes())

    return run
