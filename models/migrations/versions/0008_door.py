"""What the source says of a row (stamp, mark), and which facts a full delivery named."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("records", sa.Column("version", sa.String(32), nullable=True))
    op.add_column("records", sa.Column("mark", sa.String(12), nullable=True))
    op.add_column("current_records", sa.Column("version", sa.String(32), nullable=True))
    for name in ("ended", "endings_held"):
        op.add_column("deliveries", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "delivery_keys",
        sa.Column("id", ID, primary_key=True),
        sa.Column("delivery_id", ID, sa.ForeignKey("deliveries.id", name="fk_delivery_keys_delivery_id_deliveries"), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_delivery_keys_delivery_id_record_key", "delivery_keys", ["delivery_id", "record_key"])


def downgrade() -> None:
    op.drop_table("delivery_keys")
    for table, column in (("deliveries", "endings_held"), ("deliveries", "ended"), ("current_records", "version"), ("records", "mark"), ("records", "version")):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
