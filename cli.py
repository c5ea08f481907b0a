"""The operator door: `flask settings`, `schema`, `promote`, `purge`, `files`, `search`, `export`, `import`; migrations:
`flask db …`.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import settings
from chat import (
    accounts,
    clearings,
    export_runs,
    guests,
    import_checks,
    imports,
    inventory,
    removals,
    retention,
    segments,
)
from migrations import state


def register(app: Flask) -> None:
    for command in (show_settings, show_schema, promote, purge, files, search, export, import_, make_export):
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
    """Delete what has expired or was cleared, what is left of deleted rooms, and absent guests, as the clock does."""
    click.echo(f"{retention.purge().count} expired messages were deleted.")
    click.echo(f"{guests.sweep_all()} guests who were away for too long are gone.")
    removals.sweep(math.inf)
    clearings.sweep(math.inf)


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


@click.group("search")
def search() -> None:
    """The index by which messages are found."""


@search.command("rebuild")
@with_appcontext
def rebuild_search() -> None:
    """Make the index of search anew. Nobody misses anything meanwhile; it is only slower."""
    click.echo(f"{segments.rebuild()} messages are in the index.")


@click.command("export")
@click.argument("room")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def export(room: str, file: Path) -> None:
    """Write the conversation ROOM (its id or name) into FILE, a ZIP that reads by itself and can be imported."""
    try:
        size = imports.export(room, file)
    except (import_checks.Refused, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{file}: {size} bytes.")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--room", help="Into this room (its id or name) instead of a new one.")
@click.option("--match", is_flag=True, help="Take people for those here who have the same username.")
@click.option("--member", "members", multiple=True, help="Who comes into the room; the first owns a new one.")
@with_appcontext
def import_(file: Path, room: str | None, match: bool, members: tuple[str, ...]) -> None:
    """Take the conversation in FILE in. The same file again goes on where it stopped, and doubles nothing."""
    try:
        taken = imports.take(file, room, match, members)
    except (import_checks.Refused, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    for refused in taken.refused:
        click.echo(refused)
    click.echo(
        f"Room {taken.room_id}, {taken.name or 'a conversation'}: "
        f"{taken.messages} messages and {taken.files} files taken in, {taken.known} messages were there already, "
        f"{len(taken.refused)} files were refused."
    )


@click.command("make-export", hidden=True)
@click.argument("export_id")
@with_appcontext
def make_export(export_id: str) -> None:
    """What the server starts for somebody who takes a conversation away (chat/export_runs.py)."""
    os.umask(0o077)
    if not export_runs.make(export_id):
        raise SystemExit(1)
