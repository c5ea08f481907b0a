"""The operator door: `flask settings`, `schema`, `promote`, `purge`; migrations are Flask-Migrate's `flask db …`."""

from __future__ import annotations

import math

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import settings
from chat import accounts, guests, removals, retention
from migrations import state


def register(app: Flask) -> None:
    for command in (show_settings, show_schema, promote, purge):
        app.cli.add_command(command)


@click.command("settings")
@with_appcontext
def show_settings() -> None:
    """Print every setting: its name, value now, default and help."""
    for setting in settings.SETTINGS:
        value = current_app.config["SETTINGS"][setting.name]
        secret = setting.name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL") and value
        click.echo(f"{setting.name}={'(set)' if secret else value}")
        click.echo(f"    {setting.help} Default: {setting.default or 'empty'}.")


@click.command("schema")
@with_appcontext
def show_schema() -> None:
    """Print the tables as SQL for MySQL and MariaDB."""
    click.echo(state.schema(), nl=False)


@click.command("promote")
@click.argument("username")
@with_appcontext
def promote(username: str) -> None:
    """Make USERNAME an administrator."""
    if not accounts.promote(username):
        raise click.ClickException(f"There is nobody called {username}.")
    click.echo(f"{username} is an administrator now.")


@click.command("purge")
@with_appcontext
def purge() -> None:
    """Delete what has expired, what is left of deleted rooms, and absent guests, as the clock does every second."""
    click.echo(f"{retention.purge().count} expired messages were deleted.")
    click.echo(f"{guests.sweep_all()} guests who were away for too long are gone.")
    removals.sweep(math.inf)
