"""How editions of the three lists come about (proposals, steps, comments), and the turns of pulled sources."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from models.base import BigId, Json, UtcTime

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "edition_proposals",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ref", sa.String(length=26), nullable=False),
        sa.Column("list_name", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("against", sa.String(length=64), nullable=False),
        sa.Column("punitive", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("department_id", BigId, nullable=True),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("comment_from", sa.Date(), nullable=True),
        sa.Column("comment_until", sa.Date(), nullable=True),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name="fk_edition_proposals_department_id_departments"),
        sa.PrimaryKeyConstraint("id", name="pk_edition_proposals"),
        sa.UniqueConstraint("ref", name="uq_edition_proposals_ref"),
    )
    op.create_index("ix_edition_proposals_state", "edition_proposals", ["state"], unique=False)
    op.create_table(
        "edition_steps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("proposal_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("document_number", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_edition_steps_account_id_accounts"),
        sa.ForeignKeyConstraint(["proposal_id"], ["edition_proposals.id"], name="fk_edition_steps_proposal_id_edition_proposals"),
        sa.PrimaryKeyConstraint("id", name="pk_edition_steps"),
        sa.UniqueConstraint("proposal_id", "number", name="uq_edition_steps_proposal_id_number"),
    )
    op.create_table(
        "edition_comments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("proposal_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.String(length=50), nullable=True),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=2000), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["proposal_id"], ["edition_proposals.id"], name="fk_edition_comments_proposal_id_edition_proposals"),
        sa.PrimaryKeyConstraint("id", name="pk_edition_comments"),
        sa.UniqueConstraint("proposal_id", "number", name="uq_edition_comments_proposal_id_number"),
    )
    op.create_table(
        "source_turns",
        sa.Column("id", BigId, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("lease", sa.String(length=26), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_fault", sa.String(length=200), nullable=True),
        sa.Column("last_done_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_source_turns"),
        sa.UniqueConstraint("source", name="uq_source_turns_source"),
    )
    op.create_index("ix_source_turns_due_at", "source_turns", ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("source_turns")
    op.drop_table("edition_comments")
    op.drop_table("edition_steps")
    op.drop_table("edition_proposals")
