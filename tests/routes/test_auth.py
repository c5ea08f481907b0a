"""The forms: registering, signing in and out, passwords, where they lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from chat import accounts
from extensions import db
from models import User
from routes.auth import is_own_path
from tests.cast import PASSWORD, Member, Visitor

FORMS = ("/register", "/login")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def is_signed_in(person: Visitor) -> bool:
    return person.get("/").status_code == 200


def test_registering_signs_in(visitor: Visitor) -> None:
    answer = visitor.submit("/register", username="Дмитрий", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(visitor)


def test_the_first_to_register_is_the_administrator(empty_app: Flask) -> None:
    for name in ("first", "second"):
        assert Visitor(empty_app).submit("/register", username=name, password=PASSWORD).status_code == 303
    with empty_app.app_context():
        roles = {user.username: user.role for user in db.session.scalars(db.select(User))}
    assert roles == {"first": "admin", "second": "user"}


def test_of_two_first_ones_one_is_the_administrator(empty_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find nobody there, as two workers in the same moment do; the primary key decides."""
    with empty_app.app_context():
        accounts.register("first", PASSWORD, minimum=6)
        monkeypatch.setattr(db.session(), "get", lambda *_key, **_options: None)
        assert accounts.register("second", PASSWORD, minimum=6).role == "user"


@pytest.mark.parametrize("taken", ["alice", "ALICE", "ａｌｉｃｅ", "  alice "])
def test_a_taken_name_is_refused(visitor: Visitor, taken: str) -> None:
    answer = visitor.submit("/register", username=taken, password=PASSWORD)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("", PASSWORD),
        ("x", PASSWORD),
        ("x" * 33, PASSWORD),
        ("two words", PASSWORD),
        ("zero\u200bwidth", PASSWORD),
        ("nul\0", PASSWORD),
        ("dmitry", ""),
        ("dmitry", "short"),
        ("dmitry", "x" * 257),
    ],
)
def test_bad_input_is_refused_with_a_reason(visitor: Visitor, username: str, password: str) -> None:
    answer = visitor.submit("/register", username=username, password=password)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert password == "" or password not in answer.text
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("form", FORMS)
def test_missing_fields_are_refused(visitor: Visitor, form: str) -> None:
    assert visitor.submit(form).status_code in (400, 401)


@pytest.mark.parametrize("form", [*FORMS, "/locale"])
def test_a_form_without_its_token_is_refused(visitor: Visitor, form: str) -> None:
    answer = visitor.http.post(form, data={"username": "dmitry", "password": PASSWORD})
    assert answer.status_code == 400
    assert not is_signed_in(visitor)


def test_a_huge_form_is_refused(visitor: Visitor) -> None:
    assert visitor.submit("/login", username="x" * 300_000, password=PASSWORD).status_code == 413


@pytest.mark.parametrize("name", ["alice", "ALICE", " alice "])
def test_signing_in(visitor: Visitor, name: str) -> None:
    assert visitor.submit("/login", username=name, password=PASSWORD).status_code == 303
    assert is_signed_in(visitor)


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(app: Flask) -> None:
    def answer(name: str, password: str) -> tuple[int, str]:
        response = Visitor(app).submit("/login", username=name, password=password)
        alert = response.text.split('role="alert"')[1].split("</")[0]
        return response.status_code, alert

    assert answer("alice", "wrong password") == answer("nobody", "wrong password")
    assert answer("alice", "wrong password")[0] == 401


def test_an_unknown_name_takes_as_much_hashing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[str, int, int]] = []

    def check(stored: str, _password: str) -> bool:
        method, salt, digest = stored.split("$")
        checked.append((method, len(salt), len(digest)))
        return False

    monkeypatch.setattr(accounts, "check_password_hash", check)
    for name in ("alice", "nobody"):
        Visitor(app).submit("/login", username=name, password="wrong password")
    assert checked == [("pbkdf2:sha256:600000", 16, 64)] * 2


def test_a_disabled_person_cannot_sign_in(visitor: Visitor, alice: Member) -> None:
    with alice.app.app_context(), db.engines["writes"].begin() as connection:
        connection.exec_driver_sql("UPDATE users SET disabled_at = created_at WHERE id = ?", (alice.id,))
    assert visitor.submit("/login", username="alice", password=PASSWORD).status_code == 401
    assert not is_signed_in(alice)


def test_signing_in_is_limited_by_address(make: Callable[..., Flask]) -> None:
    app = make(SIGN_IN_RATE="2 per hour")
    statuses = [Visitor(app).submit("/login", username=f"n{n}", password="wrong").status_code for n in range(3)]
    assert statuses == [401, 401, 429]
    elsewhere = Visitor(app)
    elsewhere.http.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert elsewhere.submit("/login", username="alice", password=PASSWORD).status_code == 303


def test_signing_in_is_limited_by_name(make: Callable[..., Flask]) -> None:
    app = make(SIGN_IN_NAME_RATE="2 per hour")
    names = ("alice", "ALICE", "ａlice")
    assert [Visitor(app).submit("/login", username=n, password="wrong").status_code for n in names] == [401, 401, 429]
    assert Visitor(app).submit("/login", username="bob", password=PASSWORD).status_code == 303


def test_registering_is_limited_by_network(make: Callable[..., Flask]) -> None:
    app = make(REGISTER_RATE="1 per hour")
    answers = []
    for number, address in enumerate(["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]):
        visitor = Visitor(app)
        visitor.http.environ_base["REMOTE_ADDR"] = address
        answers.append(visitor.submit("/register", username=f"person{number}", password=PASSWORD).status_code)
    assert answers == [303, 429, 303]


# Signing out, other devices


def test_signing_out(alice: Member) -> None:
    cookie = alice.http.get_cookie("session")
    assert cookie
    assert alice.submit("/logout").status_code == 303
    assert not is_signed_in(alice)
    # A cookie kept from before is worth nothing.
    thief = Visitor(alice.app)
    thief.http.set_cookie("session", cookie.value)
    assert not is_signed_in(thief)


def test_asking_for_the_sign_out_page_does_not_sign_out(alice: Member) -> None:
    assert alice.get("/logout").status_code == 200
    assert is_signed_in(alice)


def test_signed_out_people_have_nothing_to_sign_out_of(visitor: Visitor) -> None:
    assert visitor.get("/logout").location == "/login"


def test_a_new_password_ends_the_other_sessions(app: Flask) -> None:
    here, there = Member(app, "alice"), Member(app, "alice")
    mine, other = here.connect(), there.connect()
    answer = here.submit("/password", current_password=PASSWORD, new_password="new password")
    assert answer.status_code == 200
    assert is_signed_in(here)
    assert mine.is_open
    assert not is_signed_in(there)
    assert not other.is_open
    assert Visitor(app).submit("/login", username="alice", password=PASSWORD).status_code == 401
    assert Visitor(app).submit("/login", username="alice", password="new password").status_code == 303


@pytest.mark.parametrize(
    ("current", "new"), [("wrong", "new password"), (PASSWORD, "short"), (PASSWORD, "x" * 257), ("", "")]
)
def test_a_wrong_change_of_password_changes_nothing(alice: Member, current: str, new: str) -> None:
    answer = alice.submit("/password", current_password=current, new_password=new)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert Visitor(alice.app).submit("/login", username="alice", password=PASSWORD).status_code == 303


def test_the_password_page_is_for_signed_in_people(visitor: Visitor) -> None:
    assert visitor.get("/password").location == "/login?next=/password"


# Where a form leads


def test_signing_in_leads_back(visitor: Visitor) -> None:
    answer = visitor.submit("/login", username="alice", password=PASSWORD, next="/password?a=1")
    assert answer.location == "/password?a=1"


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "evil.example",
        "",
        " /",
        "http:///evil",
        "//[",
    ],
)
def test_it_never_leads_elsewhere(visitor: Visitor, address: str) -> None:
    assert not is_own_path(address)
    answer = visitor.submit("/login", username="alice", password=PASSWORD, next=address)
    assert answer.location == "/"


def test_signed_in_people_are_led_past_the_forms(alice: Member) -> None:
    assert [alice.get(form).location for form in FORMS] == ["/", "/"]


# Languages


def test_the_language_is_the_browsers_until_one_is_chosen(visitor: Visitor) -> None:
    assert '<html lang="zh-Hans"' in visitor.get("/login", **{"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="en"' in visitor.get("/login", **{"Accept-Language": "fr"}).text
    visitor.submit("/locale", form="/login", locale="ru", next="/login")
    assert '<html lang="ru"' in visitor.get("/login", **{"Accept-Language": "zh-CN"}).text


def test_the_chosen_language_is_kept_with_the_account(app: Flask, visitor: Visitor) -> None:
    visitor.submit("/locale", form="/login", locale="ru")
    visitor.submit("/login", username="alice", password=PASSWORD)
    assert '<html lang="ru"' in Member(app, "alice").get("/").text


@pytest.mark.parametrize("locale", ["", "xx", "../etc", "ru_RU"])
def test_an_unknown_language_is_ignored(visitor: Visitor, locale: str) -> None:
    assert visitor.submit("/locale", form="/login", locale=locale).status_code == 303
    assert '<html lang="en"' in visitor.get("/login").text
