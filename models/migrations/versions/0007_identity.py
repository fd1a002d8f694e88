"""Decisions on identity: who settled a conflict or undid a merge, whom a subject was merged into, candidates by masked number."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MERGED = sa.text("merged_into IS NOT NULL")
COLUMNS = (
    ("subject_conflicts", "decision", 16), ("subject_conflicts", "reason", 400), ("subject_conflicts", "actor", 64),
    ("subject_merges", "undone_by", 64), ("subject_merges", "undone_reason", 400),
)  # fmt: skip


def upgrade() -> None:
    for table, column, length in COLUMNS:
        op.add_column(table, sa.Column(column, sa.String(length), nullable=True))
    op.create_index(
        "ix_subjects_merged_into", "subjects", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED
    )
    op.create_table(
        "masked_digests",
        sa.Column("id", ID, primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", ID, sa.ForeignKey("subjects.id", name="fk_masked_digests_subject_id_subjects")),
        sa.Column("parked_id", ID, sa.ForeignKey("parked_rows.id", name="fk_masked_digests_parked_id_parked_rows")),
        sa.UniqueConstraint("subject_id", name="uq_masked_digests_subject_id"),
        sa.UniqueConstraint("parked_id", name="uq_masked_digests_parked_id"),
    )
    op.create_index("ix_masked_digests_digest", "masked_digests", ["digest"])


def downgrade() -> None:
    op.drop_table("masked_digests")
    op.drop_index("ix_subjects_merged_into", table_name="subjects")
    for table, column, _ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
