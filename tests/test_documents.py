"""What the documents say is what the code does."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

import app as application
import events
import settings
from chat import errors
from tests.servers import REPOSITORY

READMES = ["README.md", "README.ru.md", "README.zh.md"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]*`")


def document(name: str) -> str:
    return (REPOSITORY / name).read_text()


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert len(lines) > 2, f"no table under {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(text: str, heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows(text, heading)]


def emitted(source: str) -> set[str]:
    """The events that a module emits: the first argument of `_emit` and `_tell`, which has to be written out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("_emit", "_tell"):
            name = node.args[0]
            if isinstance(name, ast.Constant):
                found.add(name.value)
            else:
                # `_tell` itself hands its argument on.
                assert isinstance(name, ast.Name), ast.unparse(node)
                assert name.id == "event", ast.unparse(node)
    return found


def tracked(pattern: str) -> list[Path]:
    """Files that are in git, or will be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.splitlines()
    return [path for name in listed if (path := REPOSITORY / name).exists()]


def test_every_client_event_is_in_the_protocol() -> None:
    assert sorted(names(document("docs/protocol.md"), "Socket.IO: client events")) == sorted(events.HANDLERS)


def test_every_server_event_is_in_the_protocol() -> None:
    told = emitted(document("chat/broadcasts.py"))
    assert sorted(names(document("docs/protocol.md"), "Socket.IO: server events")) == sorted(told)


def test_nobody_but_broadcasts_emits() -> None:
    ours = [path.relative_to(REPOSITORY).as_posix() for path in tracked("*.py")]
    emitters = [
        name
        for name in ours
        if not name.startswith(("tests/", "bench/")) and emitted_directly((REPOSITORY / name).read_text())
    ]
    # The client manager makes a frame of what is emitted.
    assert emitters == ["chat/broadcasts.py", "realtime/fanout.py"]


def emitted_directly(source: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit"
        for node in ast.walk(ast.parse(source))
    )


def test_every_route_is_in_the_protocol(tmp_path: Path) -> None:
    app = application.create_app(settings.load({"INSTANCE_DIR": str(tmp_path)}))
    served = {(nameless(rule.rule), methods(rule.methods or ())) for rule in app.url_map.iter_rules()}
    listed = {
        (nameless(path.strip("`")), methods(verbs.split(", ")))
        for path, verbs, _answer in rows(document("docs/protocol.md"), "Routes")
    }
    assert listed == served


def nameless(rule: str) -> str:
    return re.sub(r"<[^>]*>", "<>", rule)


def methods(verbs: object) -> frozenset[str]:
    return frozenset(verbs) - {"HEAD", "OPTIONS"}


def test_every_error_code_is_in_the_protocol() -> None:
    refusals = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ChatError)]
    listed = [(row[0].strip("`"), int(row[1])) for row in rows(document("docs/protocol.md"), "Answers")]
    assert sorted(listed) == sorted({(refusal.code, refusal.status) for refusal in refusals})


def test_every_setting_is_documented() -> None:
    table = [line for line in document("docs/settings.md").splitlines() if line.startswith("| `")]
    assert table == [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else 'empty'} | {setting.help} |"
        for setting in settings.SETTINGS
    ]


@pytest.mark.parametrize("translation", READMES[1:])
def test_translations_of_the_readme_have_the_same_commands_and_pictures(translation: str) -> None:
    original, translated = document("README.md"), document(translation)
    assert CODE.findall(original), "no commands in README.md"
    assert CODE.findall(translated) == CODE.findall(original)
    assert pictures(translated) == pictures(original) != []
    assert translated.count("\n## ") == original.count("\n## ")


def pictures(text: str) -> list[str]:
    """Which screens are shown; each README shows them in its language."""
    return re.findall(r"!\[[^\]]*\]\(([^)\s]+)-(?:en|ru|zh)\.png\)", text)


@pytest.mark.parametrize("readme", READMES)
def test_readmes_lead_to_each_other(readme: str) -> None:
    assert {other for other in READMES if other != readme} <= set(LINK.findall(document(readme)))


def test_links_lead_somewhere() -> None:
    dead = [f"{path.relative_to(REPOSITORY)}: {link}" for path in tracked("*.md") for link in dead_links(path)]
    assert dead == []


def dead_links(path: Path) -> list[str]:
    """Those to files that are not there, and to headings of the same project that are not there."""
    links = LINK.findall(INLINE_CODE.sub("", CODE.sub("", path.read_text())))
    return [link for link in links if not re.match(r"https?://|mailto:", link) and not leads_somewhere(path, link)]


def leads_somewhere(path: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    return target.exists() and (not anchor or anchor in anchors(target.read_text()))


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    """What the test above rests on."""
    (tmp_path / "a.md").write_text("# One two\n[here](#one-two) [gone](#three) [gone](b.md) `[code](c.md)`\n")
    assert dead_links(tmp_path / "a.md") == ["#three", "b.md"]


def test_make_targets_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", document("Makefile"), re.MULTILINE))
    named = {(path.name, target) for path in tracked("*.md") for target in make_targets(path.read_text())}
    assert ("README.md", "run") in named
    assert [name for name in sorted(named) if name[1] not in targets] == []


def make_targets(text: str) -> list[str]:
    code = "\n".join([*CODE.findall(text), *INLINE_CODE.findall(text)])
    return re.findall(r"\bmake ([a-z]+)", code)


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert re.search(r"^## \[Unreleased\]\n\n### Added\n\n- ", document("CHANGELOG.md"), re.MULTILINE)
