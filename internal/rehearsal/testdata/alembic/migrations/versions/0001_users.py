"""The shop's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("legacy", sa.Text),
    )
    op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("user_id", sa.BigInteger))


def downgrade():
    op.drop_table("orders")
    op.drop_table("users")
