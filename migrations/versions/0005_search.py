"""Slices of signatures, by which messages are found

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade():
    op.create_table(
        "search_slices",
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_search_slices_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", "slot", "block", name=op.f("pk_search_slices")),
        **OPTIONS,
    )
    op.create_table(
        "search_marks",
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_search_marks_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_search_marks")),
        **OPTIONS,
    )


def downgrade():
    for table in ("search_marks", "search_slices"):
        op.drop_table(table)
