"""The exchange with the city platform: batches and their lines, what is withheld, news that waits, provenances, differences."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from models.base import BigId, Json, UtcTime

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "city_cursors",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("erasure_id", BigId, nullable=False),
        sa.Column("objection_id", BigId, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("mapping_digest", sa.String(length=64), nullable=False),
        sa.Column("news_position", BigId, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_city_cursors"),
    )
    op.create_table(
        "city_differences",
        sa.Column("id", BigId, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_city_differences"),
        sa.UniqueConstraint("direction", "code", "day", name="uq_city_differences_direction_code_day"),
    )
    op.create_table(
        "city_lines",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("revision", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_city_lines"),
    )
    op.create_index("ix_city_lines_code_day", "city_lines", ["code", "day"], unique=False)
    op.create_index("ix_city_lines_sequence", "city_lines", ["sequence"], unique=False)
    op.create_table(
        "city_withheld",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("row_id", BigId, nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("item", sa.String(length=96), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("noticed_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_city_withheld"),
        sa.UniqueConstraint("kind", "row_id", name="uq_city_withheld_kind_row_id"),
    )
    op.create_index(
        "ix_city_withheld_settled_at_record_key", "city_withheld", ["settled_at", "record_key"], unique=False
    )
    op.create_table(
        "waiting_news",
        sa.Column("id", BigId, nullable=False),
        sa.Column("neighbour", sa.String(length=64), nullable=False),
        sa.Column("sequence", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("list_code", sa.String(length=48), nullable=True),
        sa.Column("subject_code", sa.String(length=18), nullable=True),
        sa.Column("number_digest", sa.LargeBinary(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("record_key", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_news"),
        sa.UniqueConstraint("neighbour", "sequence", name="uq_waiting_news_neighbour_sequence"),
    )
    op.create_index("ix_waiting_news_state_number_digest", "waiting_news", ["state", "number_digest"], unique=False)
    op.create_index("ix_waiting_news_state_subject_code", "waiting_news", ["state", "subject_code"], unique=False)
    op.create_table(
        "city_batches",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("outbox_id", BigId, nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("refused", Json, nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_city_batches_outbox_id_outbox"),
        sa.PrimaryKeyConstraint("id", name="pk_city_batches"),
        sa.UniqueConstraint("sequence", name="uq_city_batches_sequence"),
    )
    op.create_table(
        "record_provenances",
        sa.Column("id", BigId, nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("source_id", BigId, nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_record_provenances_source_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_record_provenances"),
        sa.UniqueConstraint("record_key", "source_id", name="uq_record_provenances_record_key_source_id"),
    )


def downgrade() -> None:
    op.drop_table("record_provenances")
    op.drop_table("city_batches")
    op.drop_index("ix_waiting_news_state_subject_code", table_name="waiting_news")
    op.drop_index("ix_waiting_news_state_number_digest", table_name="waiting_news")
    op.drop_table("waiting_news")
    op.drop_index("ix_city_withheld_settled_at_record_key", table_name="city_withheld")
    op.drop_table("city_withheld")
    op.drop_index("ix_city_lines_sequence", table_name="city_lines")
    op.drop_index("ix_city_lines_code_day", table_name="city_lines")
    op.drop_table("city_lines")
    op.drop_table("city_differences")
    op.drop_table("city_cursors")
