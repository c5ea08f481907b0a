"""Alembic's entry: runs the revisions on the application's writing engine."""

from alembic import context
from flask import current_app

import models  # noqa: F401 - fills the metadata
from extensions import db

with db.engines["writes"].connect() as connection:
    # On SQLite a batch operation drops the old table, which would cascade to the rows that point to it.
    if connection.dialect.name == "sqlite":
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if connection.dialect.name == "sqlite":
        connection.connection.execute("PRAGMA foreign_keys=ON")
