"""How often a room's members and settings have changed

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("rooms", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("rooms", "epoch", existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)


def downgrade():
    op.drop_column("rooms", "epoch")
