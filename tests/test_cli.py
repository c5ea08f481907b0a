"""The operator's commands."""

from __future__ import annotations

from flask import Flask

import settings
from chat import accounts


def test_settings_prints_each_with_its_help(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["settings"]).output
    for setting in settings.SETTINGS:
        assert f"{setting.name}=" in printed
        assert setting.help in printed


def test_settings_keeps_secrets(make) -> None:  # type: ignore[no-untyped-def]
    app = make(
        SECRET_KEY="a very secret key",
        DATABASE_URL="mysql+pymysql://chat:hidden@localhost/chat",
        STORAGE="s3://key:hidden@localhost/bucket",
    )
    printed = app.test_cli_runner().invoke(args=["settings"]).output
    assert "a very secret key" not in printed
    assert "hidden" not in printed


def test_promote_makes_an_administrator(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["promote", "ALICE"]).exit_code == 0
    with app.app_context():
        user = accounts.by_name("alice")
        assert user is not None
        assert user.is_admin


def test_promote_refuses_an_unknown_name(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["promote", "nobody"])
    assert result.exit_code == 1
    assert "nobody" in result.output
