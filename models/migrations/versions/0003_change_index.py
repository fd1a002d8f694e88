"""Whether a subject waits for a new evaluation is asked at every lookup that shows one."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subject_changes_subject_id", "subject_changes", ["subject_id"])


def downgrade() -> None:
    op.drop_index("ix_subject_changes_subject_id", "subject_changes")
