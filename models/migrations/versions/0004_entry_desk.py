"""Push and online entry: who handed what over, drafts on their way, zero reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from models.base import UtcTime

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("delivery_ref", sa.String(26), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("layout", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.ForeignKeyConstraint(["delivery_ref"], ["deliveries.ref"], name="fk_submissions_delivery_ref_deliveries"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_submissions_account_id_accounts"),
        sa.UniqueConstraint("delivery_ref", name="uq_submissions_delivery_ref"),
    )
    op.create_table(
        "entry_drafts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("ref", sa.String(26), nullable=False),
        sa.Column("department_id", BIG_ID, nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("list_code", sa.String(48), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("authors", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("reviewer_name", sa.String(200), nullable=True),
        sa.Column("reviewer_id", BIG_ID, nullable=True),
        sa.Column("note", sa.String(400), nullable=True),
        sa.Column("corrects_ref", sa.String(26), nullable=True),
        sa.Column("corrects_row", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(400), nullable=True),
        sa.Column("document_number", sa.String(200), nullable=True),
        sa.Column("delivery_ref", sa.String(26), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entry_drafts"),
        sa.UniqueConstraint("ref", name="uq_entry_drafts_ref"),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name="fk_entry_drafts_department_id_departments"
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["accounts.id"], name="fk_entry_drafts_reviewer_id_accounts"),
        sa.ForeignKeyConstraint(
            ["corrects_ref"], ["entry_drafts.ref"], name="fk_entry_drafts_corrects_ref_entry_drafts"
        ),
        sa.ForeignKeyConstraint(["delivery_ref"], ["deliveries.ref"], name="fk_entry_drafts_delivery_ref_deliveries"),
    )
    op.create_index("ix_entry_drafts_department_id_state", "entry_drafts", ["department_id", "state"])
    op.create_table(
        "zero_reports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source_id", BIG_ID, nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("reported_by", sa.String(200), nullable=False),
        sa.Column("reported_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_zero_reports"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_zero_reports_source_id_sources"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_zero_reports_account_id_accounts"),
        sa.UniqueConstraint("source_id", "period", name="uq_zero_reports_source_id_period"),
    )


def downgrade() -> None:
    op.drop_table("zero_reports")
    op.drop_table("entry_drafts")
    op.drop_table("submissions")
