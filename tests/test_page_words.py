"""The page's sentences reach the translators: Babel finds what t() and tn() are called with."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

REPOSITORY = Path(__file__).resolve().parent.parent
SENTENCE = re.compile(r"""\b(tn?)\(\s*("(?:[^"\\]|\\.)*")""")
COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


def test_every_sentence_of_the_page_is_found() -> None:
    """Babel's JavaScript parser gives up inside some template strings: such a sentence has to be moved out of one."""
    sources = [COMMENT.sub("", path.read_text("utf-8")) for path in (REPOSITORY / "static" / "js").rglob("*.js")]
    used = {sentence[1:-1] for source in sources for _, sentence in SENTENCE.findall(source)}
    assert len(used) > 50
    assert used - extracted() == set()


def test_sentences_are_literals() -> None:
    """A sentence that is put together at run time can't be translated."""
    for path in (REPOSITORY / "static" / "js").rglob("*.js"):
        source = COMMENT.sub("", path.read_text("utf-8"))
        assert re.findall(r"(?<!function )\bt\((?!\s*\")[^)]*\)", source) == [], path.name


def extracted() -> set[str]:
    with (REPOSITORY / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    found = extract_from_dir(REPOSITORY, methods, options, {"t": None, "tn": (1, 2)})
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
