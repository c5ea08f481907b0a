"""The operator door: `flask settings`, `schema`, `promote`, `purge`, `files check`; migrations: `flask db …`."""

from __future__ import annotations

import math

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import settings
from chat import accounts, guests, inventory, removals, retention
from migrations import state


def register(app: Flask) -> None:
    for command in (show_settings, show_schema, promote, purge, files):
        app.cli.add_command(command)


@click.command("settings")
@with_appcontext
def show_settings() -> None:
    """Print every setting: its name, value now, default and help."""
    for setting in settings.SETTINGS:
        value = current_app.config["SETTINGS"][setting.name]
        secret = setting.name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STORAGE") and value
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


@click.group("files")
def files() -> None:
    """What was uploaded."""


@files.command("check")
@click.option("--repair", is_flag=True, help="Make it right: remove what nobody needs, take out what is lost.")
@with_appcontext
def check_files(repair: bool) -> None:
    """Compare the store of files with the tables, and print a line for each difference."""
    count = 0
    for difference in inventory.differences():
        count += 1
        click.echo(difference.text)
        if repair:
            difference.repair()
    click.echo(f"{count} differences{', repaired' if repair and count else ''}.")
    if count and not repair:
        raise SystemExit(1)
