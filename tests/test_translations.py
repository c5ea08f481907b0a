"""Every text is there in every language, none is left over, and what the program reads is what is written."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

REPOSITORY = Path(__file__).resolve().parent.parent
LOCALES = ("ru", "zh")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Everything the code says."""
    output = tmp_path_factory.mktemp("texts") / "messages.pot"
    keywords = ("--keywords=t", "--keywords=tn:1,2")
    command = (sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract", "--mapping-file=babel.cfg")
    subprocess.run([*command, *keywords, f"--output-file={output}", "."], cwd=REPOSITORY, check=True)
    with output.open("rb") as file:
        return read_po(file)


def read(locale: str) -> Catalog:
    with (REPOSITORY / "translations" / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def messages(catalogue: Catalog) -> dict[str, Message]:
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id
    }


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated_and_none_is_left_over(texts: Catalog, locale: str) -> None:
    translated = messages(read(locale))
    assert set(translated) == set(messages(texts))
    assert [text for text, message in translated.items() if message.fuzzy or not all(forms(message))] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_has_the_places_of_its_text(locale: str) -> None:
    for text, message in messages(read(locale)).items():
        for form in forms(message):
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(text)), text


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, read(locale))
    path = REPOSITORY / "translations" / locale / "LC_MESSAGES" / "messages.mo"
    assert path.read_bytes() == compiled.getvalue(), "run: make translations"
