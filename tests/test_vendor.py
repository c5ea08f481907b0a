"""The browser libraries in static/vendor are the published ones, named with version, licence and checksum."""

import hashlib
import json
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
VENDOR = STATIC / "vendor"
LISTED = json.loads((VENDOR / "VERSIONS.json").read_text(encoding="utf-8"))
OURS = {"VERSIONS.json", "renew.py"}


def test_every_listed_file_has_its_checksum():
    assert LISTED
    for entry in LISTED:
        content = (VENDOR / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]


def test_every_file_is_listed():
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    found = {name for name in found if "__pycache__" not in name}
    assert found == {entry["file"] for entry in LISTED} | OURS


def test_every_library_comes_with_its_licence():
    with_licence = {entry["name"] for entry in LISTED if entry["file"].endswith("/LICENSE")}
    assert with_licence == {entry["name"] for entry in LISTED}
    assert all(entry["version"] and entry["licence"] for entry in LISTED)


def test_every_import_of_a_module_leads_to_a_file():
    for module in STATIC.rglob("*.js"):
        for target in re.findall(r"""(?:\bfrom|\bimport)\s*\(?["']([^"']+)["']""", module.read_text(encoding="utf-8")):
            assert target.startswith("."), f"{module.name} imports {target}, which is not a relative path"
            assert (module.parent / target).is_file(), f"{module.name} imports {target}"


def test_every_icon_that_is_used_is_in_the_sprite():
    sprite = (VENDOR / "icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'id="([\w-]+)"', sprite))
    sources = [*(STATIC / "js").rglob("*.js"), *(STATIC.parent / "templates").rglob("*.html")]
    texts = [source.read_text("utf-8") for source in sources]
    used = {name for text in texts for name in re.findall(r"""\bicon\("([\w-]+)"\)""", text)}
    assert used
    assert used <= drawn
    # Some are named in tables of menus.
    assert {name for name in drawn if not any(f'"{name}"' in text for text in texts)} == set()
