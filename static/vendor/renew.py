"""Bring the browser libraries of this folder, the icons and what is known of emoji to the versions pinned below.

Run it as `python static/vendor/renew.py`; it needs npm. It fetches the published packages, copies the files that the
page loads, drops the pointers to source maps (which are not served), and writes VERSIONS.json with every file's origin
and checksum. A test holds the files against that list.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from operator import itemgetter
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent
SPRITE = VENDOR / "icons.svg"
SVG = "http://www.w3.org/2000/svg"

LIBRARIES = {
    "lit-html": {
        "version": "3.3.3",
        "licence": "BSD-3-Clause",
        "files": {},
    },
    "socket.io-client": {
        "version": "4.8.4",
        "licence": "MIT",
        "files": {"dist/socket.io.esm.min.js": "socket.io-client/socket.io.js"},
    },
    "tus-js-client": {"version": "4.3.1", "licence": "MIT", "files": {}},
    "lucide-static": {"version": "1.62.0", "licence": "ISC", "files": {}},
    "emojibase-data": {"version": "17.0.0", "licence": "MIT", "files": {}},
    "thumbhash": {
        "version": "0.1.1",
        "licence": "MIT",
        "files": {"thumbhash.js": "thumbhash/thumbhash.js"},
    },
}

# The published package of ThumbHash names its licence without the text, which its repository has.
THUMBHASH_LICENCE = """MIT License

Copyright (c) 2023 Evan Wallace

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

LICENCES = {"thumbhash": THUMBHASH_LICENCE}

LIT_ENTRY = """export * from "./lit-html.js"; export { repeat } from "./directives/repeat.js";"""
TUS_ENTRY = """export { Upload } from "tus-js-client";"""
ESBUILD_VERSION = "0.28.2"  # joins the modules of a library; nothing of it is served

EMOJI_LOCALES = ("en", "ru", "zh")
EMOJI_COMPONENTS = 2  # the group of skin tones and hair alone
EMOJI_VERSION = 15.1  # what systems of the last years can draw; the rest would be empty boxes

ICONS = (
    "arrow-down",
    "arrow-up",
    "bell",
    "bell-off",
    "check",
    "check-check",
    "chevron-left",
    "chevron-right",
    "circle-alert",
    "clock",
    "copy",
    "crown",
    "download",
    "ellipsis",
    "eye",
    "eye-off",
    "globe",
    "image",
    "image-off",
    "key-round",
    "keyboard",
    "languages",
    "link",
    "lock",
    "log-out",
    "mic",
    "minus",
    "monitor",
    "moon",
    "music",
    "palette",
    "paperclip",
    "pause",
    "pencil",
    "pin",
    "play",
    "plus",
    "reply",
    "rotate-cw",
    "search",
    "shield",
    "sliders-horizontal",
    "smartphone",
    "smile",
    "smile-plus",
    "square",
    "sun",
    "timer",
    "trash-2",
    "upload",
    "user-minus",
    "user-plus",
    "user-round",
    "user-round-x",
    "wifi-off",
    "x",
    "zoom-in",
    "zoom-out",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = [entry for name in LIBRARIES for entry in renew(name, Path(folder))]
    text = json.dumps(written, indent=2, ensure_ascii=False)
    (VENDOR / "VERSIONS.json").write_text(text + "\n", encoding="utf-8")


def renew(name: str, folder: Path) -> list[dict[str, str]]:
    library = LIBRARIES[name]
    package = unpack(name, library["version"], folder)
    if name in LICENCES:
        (package / "LICENSE").write_text(LICENCES[name], encoding="utf-8")
    wanted = [(package / source, VENDOR / target) for source, target in library["files"].items()]
    wanted.append((package / "LICENSE", VENDOR / name / "LICENSE"))
    for source, target in wanted:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(without_source_map(source.read_bytes()))
    targets = [target for _, target in wanted]
    for target, content in MADE.get(name, lambda _package: {})(package).items():
        target.write_bytes(content)
        targets.append(target)
    return [describe(name, library, target) for target in targets]


def unpack(name: str, version: str, folder: Path) -> Path:
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    target = folder / name
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def without_source_map(content: bytes) -> bytes:
    return re.sub(rb"^//# sourceMappingURL=.*\n?", b"", content, flags=re.MULTILINE)


def joined_lit(package: Path) -> dict[Path, bytes]:
    """lit-html with the directives we use as one module: one request instead of four."""
    return {VENDOR / "lit-html" / "lit-html.js": joined(package, LIT_ENTRY, package.parent)}


def joined_tus(package: Path) -> dict[Path, bytes]:
    """tus-js-client is published for those who bundle: one module of its browser half and the libraries it needs."""
    home = package.parent / "home"
    home.mkdir()
    version = LIBRARIES["tus-js-client"]["version"]
    return {VENDOR / "tus-js-client" / "tus.js": joined(home, TUS_ENTRY, home, f"tus-js-client@{version}")}


def joined(folder: Path, entry: str, tools: Path, *libraries: str) -> bytes:
    """What `entry` names, as one module; esbuild and the libraries are installed into `tools`."""
    (folder / "entry.js").write_text(entry, encoding="utf-8")
    npm = ["npm", "install", "--silent", "--no-save", "--no-package-lock", f"esbuild@{ESBUILD_VERSION}", *libraries]
    subprocess.run(npm, cwd=tools, check=True, capture_output=True)
    esbuild = tools / "node_modules" / ".bin" / "esbuild"
    command = [esbuild, "entry.js", "--bundle", "--format=esm", "--minify", "--legal-comments=inline", "--charset=utf8"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return without_source_map(done.stdout)


def sprite(package: Path) -> dict[Path, bytes]:
    """One SVG with a symbol for each icon; stroke and size are the page's to choose."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.Element(f"{{{SVG}}}svg")
    for name in ICONS:
        drawing = ElementTree.parse(package / "icons" / f"{name}.svg").getroot()
        symbol = ElementTree.SubElement(root, f"{{{SVG}}}symbol", id=name, viewBox=drawing.get("viewBox", "0 0 24 24"))
        symbol.extend(drawing)
    ElementTree.indent(root, " ")
    return {SPRITE: ElementTree.tostring(root, encoding="utf-8") + b"\n"}


def emoji(package: Path) -> dict[Path, bytes]:
    """For each language a list of [emoji, name, words to find it by, English shortcodes, group, skin tones if any]."""

    def read(path: str) -> Any:
        return json.loads((package / path).read_text(encoding="utf-8"))

    def row(one: dict[str, Any]) -> list[Any]:
        found = [codes.get(one["hexcode"], []) for codes in shortcodes]
        names = [name for some in found for name in ([some] if isinstance(some, str) else some)]
        # Those of two people have a tone for each; one choice of tone cannot name them.
        tones = [skin["emoji"] for skin in one.get("skins", []) if isinstance(skin["tone"], int)]
        words = " ".join(one.get("tags", []))
        # One character that is an emoji by itself needs no selector to say so, and keyboards write none.
        alone = one["type"] == 1 and len(one["emoji"]) == 2
        sign = one["emoji"].removesuffix("\ufe0f") if alone else one["emoji"]
        return [sign, one["label"], words, list(dict.fromkeys(names)), one["group"], *([tones] if tones else [])]

    shortcodes = [read(f"en/shortcodes/{source}.json") for source in ("github", "emojibase")]
    made = {}
    for locale in EMOJI_LOCALES:
        known = [one for one in read(f"{locale}/data.json") if one.get("group") not in (None, EMOJI_COMPONENTS)]
        rows = [row(one) for one in sorted(known, key=itemgetter("order")) if one["version"] <= EMOJI_VERSION]
        lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in rows)
        made[VENDOR / "emojibase-data" / f"{locale}.json"] = f"[\n{lines}\n]\n".encode()
    return made


MADE = {"lit-html": joined_lit, "tus-js-client": joined_tus, "lucide-static": sprite, "emojibase-data": emoji}


def describe(name: str, library: dict, target: Path) -> dict[str, str]:
    return {
        "name": name,
        "version": library["version"],
        "licence": library["licence"],
        "file": target.relative_to(VENDOR).as_posix(),
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    main()
