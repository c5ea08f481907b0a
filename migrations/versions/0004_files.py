"""Pictures and sound, and what stands for people and rooms

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")
Digest = sa.BINARY(32).with_variant(sa.LargeBinary(32), "sqlite")
Few = sa.VARBINARY(128).with_variant(sa.LargeBinary(128), "sqlite")
OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}

NEW_COLUMNS = (("users", "avatar_id"), ("rooms", "avatar_id"), ("messages", "file_id"))


def upgrade():
    for table, name in NEW_COLUMNS:
        op.add_column(table, sa.Column(name, sa.String(length=32), nullable=True))

    op.create_table(
        "blobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", Digest, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("animated", sa.Boolean(), nullable=False),
        sa.Column("thumbhash", Few, nullable=True),
        sa.Column("small_size", sa.Integer(), nullable=True),
        sa.Column("large_size", sa.Integer(), nullable=True),
        sa.Column("duration", sa.BigInteger(), nullable=True),
        sa.Column("waveform", Few, nullable=True),
        sa.Column("portable", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
        sa.UniqueConstraint("digest", name=op.f("uq_blobs_digest")),
        **OPTIONS,
    )
    op.create_table(
        "files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("uploader_id", Identifier, nullable=False),
        sa.Column("blob_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("voice", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("room_id", Identifier, nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("recipient_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("touched_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id", "seq"],
            ["messages.room_id", "messages.seq"],
            name=op.f("fk_files_room_id_seq"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name=op.f("fk_files_uploader_id")),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_files_blob_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        **OPTIONS,
    )
    op.create_index("ix_files_uploader_id", "files", ["uploader_id"])
    op.create_index("ix_files_blob_id", "files", ["blob_id"])
    op.create_index("ix_files_room_id_seq", "files", ["room_id", "seq"])
    op.create_index("ix_files_purpose_room_id", "files", ["purpose", "room_id"])


def downgrade():
    for table in ("files", "blobs"):
        op.drop_table(table)
    for table, name in NEW_COLUMNS:
        op.drop_column(table, name)
