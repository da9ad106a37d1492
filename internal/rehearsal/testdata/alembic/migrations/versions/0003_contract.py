"""What old code uses is taken away, and a type is changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.drop_column("users", "legacy")
    op.alter_column("users", "username", type_=sa.String(20))


def downgrade():
    op.alter_column("users", "username", type_=sa.String(50))
    op.add_column("users", sa.Column("legacy", sa.Text))
