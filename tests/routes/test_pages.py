"""The chat's page and what it loads."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable

import pytest
from flask import Flask

from chat import profiles
from extensions import db
from models import User
from routes.assets import STATIC, asset_version, files, modules
from tests.cast import Member, Visitor


def test_the_chat_is_for_signed_in_people(app: Flask) -> None:
    answer = Visitor(app).get("/")
    assert (answer.status_code, answer.location) == (303, "/login")


def test_the_chat_knows_whose_it_is(alice: Member) -> None:
    page = alice.get("/")
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', page.text)[1])
    assert boot["user"]["username"] == "alice"
    assert (boot["root"], boot["slot"], boot["limits"]["body"]) == ("", 0, 10_000)


def test_the_chat_comes_with_its_first_rooms_and_people(alice: Member, room_id: int) -> None:
    """As the routes would answer, so that the list is there with the first paint; nobody is described twice."""
    alice.connect().send(room_id, "</script><b>hello")
    page = alice.get("/").text
    assert "<b>hello" not in page
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', page)[1])
    assert boot["rooms"] | {"ok": True} == alice.get_ok("/rooms")
    peers = [room["peer"] for room in boot["rooms"]["rooms"] if room["peer"]]
    named, *others = boot["people"]["people"]
    assert named == {"id": peers[0]["id"]}
    assert {**boot["people"], "people": [*peers, *others], "ok": True} == alice.get_ok("/people")
    assert boot["rooms"]["rooms"][0]["last_message"]["body"] == "</script><b>hello"


def test_the_page_is_drawn_as_its_person_likes_it(app: Flask, alice: Member, bob: Member) -> None:
    with app.app_context():
        profiles.prefer(db.session.get_one(User, alice.id), {"theme": "dark", "accent": "rose", "density": "compact"})
    for path in ("/", "/password", "/logout", "/nowhere"):
        assert 'data-theme="dark" data-accent="rose" data-density="compact"' in alice.get(path).text, path
    assert 'data-theme="system" data-accent="jade" data-density="comfortable"' in bob.get("/").text
    assert "data-theme" not in Visitor(app).get("/login").text
    boot = json.loads(re.search(r'id="boot">(.*?)</script>', alice.get("/").text)[1])
    assert boot["preferences"]["accent"] == "rose"
    assert list(boot["locales"]) == ["en", "ru", "zh"]


def test_what_comes_with_the_page_is_short_and_breaks_out_of_nothing(alice: Member) -> None:
    alice.make_room(name="Лодка </script><!--")
    page = alice.get("/").text
    text = re.search(r'id="boot">(.*?)</script>', page, re.DOTALL)[1]
    assert "Лодка" in text
    assert ', "' not in text
    assert "Лодка </script><!--" in {room.get("name") for room in json.loads(text)["rooms"]["rooms"]}


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/healthz", "/nowhere"])
def test_every_answer_has_the_strict_headers(app: Flask, path: str) -> None:
    headers = Visitor(app).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(self)"


def test_pages_of_signed_in_people_are_kept_by_nobody(alice: Member) -> None:
    for path in ("/", "/password", "/logout", "/rooms", "/nowhere"):
        assert alice.get(path).headers["Cache-Control"] == "no-store", path


def test_the_cookie_is_for_the_server_alone(app: Flask) -> None:
    cookie = Visitor(app).get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_behind_https(make) -> None:  # type: ignore[no-untyped-def]
    visitor = Visitor(make(TRUSTED_PROXIES="1"))
    assert "Secure" in visitor.get("/login", **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_without_a_trusted_proxy_its_headers_are_ignored(app: Flask) -> None:
    assert "Secure" not in Visitor(app).get("/login", **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_files_under_their_version_are_kept_for_ever(alice: Member) -> None:
    address = re.search(r'src="(/assets/[^"]+/js/main\.js)"', alice.get("/").text)[1]
    answer = alice.get(address)
    assert answer.status_code == 200
    assert answer.data.endswith((STATIC / "js" / "main.js").read_bytes().splitlines()[-1] + b"\n")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("text/javascript")


def test_modules_come_line_by_line_without_their_comments(app: Flask) -> None:
    for name in (name for name in files() if name.startswith("js/")):
        served = Visitor(app).get(f"/assets/{asset_version()}/{name}").text.split("\n")
        written = (STATIC / name).read_text().split("\n")
        assert served == ["" if line.strip().startswith("//") else line for line in written], name
    vendored = "vendor/lit-html/lit-html.js"
    assert Visitor(app).get(f"/assets/{asset_version()}/{vendored}").data == (STATIC / vendored).read_bytes()


def test_a_style_sheet_comes_whole(app: Flask) -> None:
    sheet = Visitor(app).get(f"/assets/{asset_version()}/css/main.css")
    assert "@import" not in sheet.text
    assert (STATIC / "css" / "tokens.css").read_text() in sheet.text


def test_texts_are_compressed_for_whom_it_helps(app: Flask) -> None:
    address = f"/assets/{asset_version()}/js/main.js"
    packed = Visitor(app).get(address, **{"Accept-Encoding": "gzip, br"})
    plain = Visitor(app).get(address)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_long_answers_are_compressed_and_pages_with_secrets_are_not(alice: Member, room_id: int) -> None:
    talking = alice.connect()
    for _ in range(20):
        talking.send(room_id, "привет " * 20)
    path = f"/rooms/{room_id}/messages"
    packed = alice.get(path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data))["messages"] == alice.get_ok(path)["messages"]
    assert len(packed.data) < len(alice.get(path).data) / 5
    assert "Content-Encoding" not in alice.get("/", **{"Accept-Encoding": "gzip"}).headers


def test_what_is_held_is_not_sent_again(app: Flask) -> None:
    address = f"/assets/old/{'js/main.js'}"
    etag = Visitor(app).get(address).headers["ETag"]
    again = Visitor(app).get(address, **{"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_every_module_is_fetched_at_once(alice: Member) -> None:
    """What the browser would find only level after level: each module's imports are among those announced."""
    page = alice.get("/").text
    announced = set(re.findall(r'modulepreload" href="/assets/\w+/([^"]+)"', page))
    assert announced == set(modules("js/main.js"))
    assert {"js/main.js", "js/state.js", "js/parts/log.js", "vendor/lit-html/lit-html.js"} <= announced


def test_files_carry_no_cookie(alice: Member) -> None:
    assert "Set-Cookie" in alice.get("/").headers
    assert "Set-Cookie" not in alice.get(f"/assets/{asset_version()}/js/main.js").headers


def test_an_old_version_is_not_kept(app: Flask) -> None:
    assert Visitor(app).get("/assets/old/js/main.js").headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("name", ["../app.py", "..%2Fapp.py", "nowhere.js", "/etc/passwd", "js/"])
def test_nothing_else_is_served(app: Flask, name: str) -> None:
    assert Visitor(app).get(f"/assets/{asset_version()}/{name}").status_code in (404, 308)


@pytest.mark.parametrize("locale", ["en", "ru", "zh"])
def test_translations_come_with_their_plurals(app: Flask, locale: str) -> None:
    catalogue = Visitor(app).get(f"/catalogue/{locale}.json").json
    forms = max(catalogue["plural"].values()) + 1
    assert forms == {"en": 2, "ru": 3, "zh": 1}[locale]
    assert catalogue["plural"]["other"] < forms
    assert all(len(texts) in (1, forms) and all(texts) for texts in catalogue["messages"].values())


def test_there_is_no_other_catalogue(app: Flask) -> None:
    assert Visitor(app).get("/catalogue/fr.json").status_code == 404


def test_health(app: Flask) -> None:
    assert Visitor(app).get_ok("/healthz") == {"ok": True}


def test_an_unknown_page_is_a_page(app: Flask) -> None:
    answer = Visitor(app).get("/nowhere")
    assert answer.status_code == 404
    assert "<html" in answer.text


def test_an_unknown_page_is_an_object_for_programs(app: Flask) -> None:
    assert Visitor(app).get_error("/nowhere", Accept="application/json") == (404, "not_found")


def test_an_accident_is_answered_without_details(
    alice: Member, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_arguments: object) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("chat.rooms.page", fails)
    answer = alice.get("/rooms")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "the secret detail" in caplog.text


def test_the_page_knows_what_can_be_sent_as_a_file(make: Callable[..., Flask]) -> None:
    app = make(IMAGE_MAX_MB="2", AUDIO_MAX_MB="3", IMAGE_MEGAPIXELS="4", FILE_FORMATS="flac jpeg")
    page = Member(app, "alice").get("/").text
    limits = json.loads(re.search(r'id="boot">(.*?)</script>', page)[1])["limits"]["files"]
    assert limits == {
        "image_max": 2 * 1024 * 1024,
        "audio_max": 3 * 1024 * 1024,
        "megapixels": 4,
        "formats": {
            "jpeg": {"kind": "image", "types": ["image/jpeg"], "extensions": [".jpg", ".jpeg", ".jpe", ".jfif"]},
            "flac": {"kind": "audio", "types": ["audio/flac", "audio/x-flac"], "extensions": [".flac"]},
        },
    }
