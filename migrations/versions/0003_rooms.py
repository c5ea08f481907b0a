"""Rooms, their invitations and bans, reactions

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}

# Columns of rooms that have a value in every row: (name, type, value in the rows that are there).
ROOM_OPTIONS = (
    ("emoji", sa.String(length=64), ""),
    ("history_from_join", sa.Boolean(), sa.false()),
    ("admits_guests", sa.Boolean(), sa.false()),
)


def upgrade():
    for name, kind, value in ROOM_OPTIONS:
        op.add_column("rooms", sa.Column(name, kind, nullable=False, server_default=value))
        if op.get_bind().dialect.name != "sqlite":
            op.alter_column("rooms", name, existing_type=kind, existing_nullable=False, server_default=None)
    op.add_column("rooms", sa.Column("ends_at", Instant, nullable=True))
    op.add_column("rooms", sa.Column("deleted_at", Instant, nullable=True))
    op.add_column("rooms", sa.Column("deleted_by_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_rooms_ends_at", "rooms", ["ends_at"])
    op.create_index("ix_rooms_deleted_at", "rooms", ["deleted_at"])
    op.create_index("ix_users_kind_last_seen_at", "users", ["kind", "last_seen_at"])
    op.add_column("messages", sa.Column("subject_id", sa.BigInteger(), nullable=True))

    op.create_table(
        "reactions",
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", Identifier, nullable=False),
        sa.Column("emoji", sa.String(length=32), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id", "seq"],
            ["messages.room_id", "messages.seq"],
            name=op.f("fk_reactions_room_id_seq"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reactions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", "seq", "user_id", "emoji", name=op.f("pk_reactions")),
        sqlite_with_rowid=False,
        **OPTIONS,
    )
    op.create_index("ix_reactions_user_id", "reactions", ["user_id"])

    op.create_table(
        "invitations",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("inviter_id", Identifier, nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=True),
        sa.Column("uses_left", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_invitations_room_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["users.id"], name=op.f("fk_invitations_inviter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token", name=op.f("uq_invitations_token")),
        sqlite_autoincrement=True,
        **OPTIONS,
    )
    op.create_index("ix_invitations_room_id", "invitations", ["room_id"])
    op.create_index("ix_invitations_inviter_id", "invitations", ["inviter_id"])
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])

    op.create_table(
        "bans",
        sa.Column("room_id", Identifier, nullable=False),
        sa.Column("user_id", Identifier, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_bans_room_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bans_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", "user_id", name=op.f("pk_bans")),
        sqlite_with_rowid=False,
        **OPTIONS,
    )
    op.create_index("ix_bans_user_id", "bans", ["user_id"])


def downgrade():
    for table in ("bans", "invitations", "reactions"):
        op.drop_table(table)
    op.drop_column("messages", "subject_id")
    op.drop_index("ix_users_kind_last_seen_at", "users")
    op.drop_column("rooms", "deleted_by_id")
    for name in ("ends_at", "deleted_at"):
        op.drop_index(f"ix_rooms_{name}", "rooms")
        op.drop_column("rooms", name)
    for name, _kind, _value in ROOM_OPTIONS:
        op.drop_column("rooms", name)
