"""Account slots: two people in one browser, and neither is ever taken for the other."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.cast import PASSWORD, Visitor


@pytest.fixture
def browser(app: Flask) -> Visitor:
    """One browser in which alice is signed in plainly and bob in the slot 1."""
    visitor = Visitor(app)
    visitor.submit("/login", username="alice", password=PASSWORD)
    visitor.submit("/u/1/login", username="bob", password=PASSWORD)
    return visitor


def who(browser: Visitor, root: str) -> str | None:
    page = browser.get(f"{root}/people")
    if page.status_code != 200:
        return None
    others = {person["username"] for person in page.json["people"]}
    return ({"alice", "bob"} - others).pop()


def test_each_slot_has_its_own_person(browser: Visitor) -> None:
    assert [who(browser, root) for root in ("", "/u/1", "", "/u/1")] == ["alice", "bob", "alice", "bob"]


def test_an_empty_slot_is_nobody(browser: Visitor) -> None:
    assert who(browser, "/u/2") is None


def test_signing_out_of_one_leaves_the_other(browser: Visitor) -> None:
    browser.submit("/u/1/logout")
    assert [who(browser, ""), who(browser, "/u/1")] == ["alice", None]
    browser.submit("/u/1/login", username="bob", password=PASSWORD)
    browser.submit("/logout")
    assert [who(browser, ""), who(browser, "/u/1")] == [None, "bob"]


def test_addresses_stay_in_their_slot(browser: Visitor) -> None:
    page = browser.get("/u/1/")
    assert 'action="/u/1/logout"' in page.text
    assert browser.get("/u/2/password").location == "/u/2/login?next=/password"
    assert browser.submit("/u/3/login", username="bob", password=PASSWORD, next="/password").location == "/u/3/password"


def test_files_have_one_address_for_all_slots(browser: Visitor) -> None:
    assert "/u/1/assets" not in browser.get("/u/1/").text


def test_the_cookie_keeps_to_its_slot(browser: Visitor) -> None:
    assert browser.http.get_cookie("session", path="/")
    assert browser.http.get_cookie("session-1", path="/u/1")


@pytest.mark.parametrize("path", ["/u/0/", "/u/10/", "/u/x/", "/u/", "/u/1x/"])
def test_other_numbers_are_not_slots(browser: Visitor, path: str) -> None:
    assert browser.get(path).status_code == 404
