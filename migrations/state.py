"""What state a database is in, bringing it to ours, and the schema as SQL."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, text
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateTable

from extensions import db
from models import table

FOLDER = Path(__file__).resolve().parent

HEADER = """\
-- Parley's tables for MySQL 8 and 9 and MariaDB 10.6 and later. Load into an empty database:
--     mysql chat < schema.sql
-- Printed from models.py by `flask schema`; do not edit.

"""


class NotReady(Exception):
    """The database cannot be used as it is. The text is one sentence for the operator."""


def prepare() -> None:
    """Make an empty database ours and bring an older SQLite file up to date. Raises NotReady for anything else."""
    engine = db.engines["writes"]
    revision = _revision(engine)
    if revision == head():
        return
    if revision and revision not in _known():
        raise NotReady("The database is newer than this Parley: install the newer version, or restore a backup.")
    if revision and engine.dialect.name != "sqlite":
        raise NotReady("The database is from an older Parley: back it up, then run `flask db upgrade`.")
    upgrade()


def upgrade() -> None:
    """Run the missing revisions."""
    command.upgrade(configuration(), "head")


def configuration() -> Config:
    """Alembic's, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def head() -> str:
    """The newest revision."""
    return str(_scripts().get_current_head())


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def _revision(engine: Engine) -> str | None:
    """The revision a database is at, None for an empty one."""
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise NotReady("The database holds tables of something else: give Parley a database of its own.")
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _version_table() -> Table:
    """Alembic's own table, with our storage."""
    column = Column("version_num", String(32), nullable=False)
    primary_key = PrimaryKeyConstraint("version_num", name="alembic_version_pkc")
    return Table("alembic_version", MetaData(), column, primary_key, **table()[-1])


def schema() -> str:
    """All tables as MySQL's SQL, with the note of the revision they are at."""
    dialect = mysql.dialect()
    statements = []
    for each in db.metadata.sorted_tables:
        statements.append(str(CreateTable(each).compile(dialect=dialect)).strip())
        indexes = sorted(each.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    versions = _version_table()
    noted = insert(versions).values(version_num=head())
    statements.append(str(CreateTable(versions).compile(dialect=dialect)).strip())
    statements.append(str(noted.compile(dialect=dialect, compile_kwargs={"literal_binds": True})))
    text_ = HEADER + "".join(f"{statement};\n\n" for statement in statements)
    return "\n".join(line.rstrip() for line in text_.rstrip().splitlines()).replace("\t", "  ") + "\n"
