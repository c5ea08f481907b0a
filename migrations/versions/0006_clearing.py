"""Histories that are cleared: for oneself, for everybody, and what can still be taken back

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}

MARKS = (("rooms", "cleared_seq"), ("rooms", "settled_seq"), ("memberships", "settled_seq"))


def upgrade():
    for table, name in MARKS:
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        if op.get_bind().dialect.name != "sqlite":
            op.alter_column(
                table, name, existing_type=sa.BigInteger(), existing_nullable=False, server_default=None
            )
    # What is hidden from somebody already stays hidden.
    op.execute(sa.text("UPDATE memberships SET settled_seq = cleared_seq WHERE cleared_seq > 0"))

    op.create_table(
        "clearings",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("cleared_by_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("line_seq", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", Instant, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_clearings_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearings")),
        sqlite_autoincrement=True,
        **OPTIONS,
    )
    op.create_index("ix_clearings_room_id", "clearings", ["room_id"])
    op.create_index("ix_clearings_cleared_at", "clearings", ["cleared_at"])


def downgrade():
    op.drop_table("clearings")
    for table, name in MARKS:
        op.drop_column(table, name)
