"""Preferences of the page

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("users", sa.Column("preferences", sa.Text(), nullable=True))
    op.drop_column("users", "theme")


def downgrade():
    op.add_column("users", sa.Column("theme", sa.String(length=16), nullable=True))
    op.drop_column("users", "preferences")
