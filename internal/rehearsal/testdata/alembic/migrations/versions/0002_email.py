"""Users get an address, filled row by row as data migrations often are."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

users = sa.table("users", sa.column("id"), sa.column("username"), sa.column("email"))


def upgrade():
    op.add_column("users", sa.Column("email", sa.String(100)))
    bind = op.get_bind()
    for row in bind.execute(sa.select(users.c.id, users.c.username)).all():
        bind.execute(users.update().where(users.c.id == row.id).values(email=row.username + "@example.com"))
    op.create_index("users_email", "users", ["email"])
    op.create_foreign_key("orders_user", "orders", "users", ["user_id"], ["id"])


def downgrade():
    op.drop_constraint("orders_user", "orders")
    op.drop_index("users_email")
    op.drop_column("users", "email")
