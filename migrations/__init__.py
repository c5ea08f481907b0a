"""The database's revisions (Alembic), and what state a database is in."""
