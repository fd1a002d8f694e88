"""What no table describes: the name index, in the form each database searches best, and indexes over an expression."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subjects_org_code", "subjects", [sa.text("substr(code, 9, 9)")])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE name_bigrams USING fts5(bigrams, content='', detail=none)")
        return
    op.execute("CREATE TABLE name_bigrams (id bigint PRIMARY KEY, bigrams text[] NOT NULL)")
    op.execute("CREATE INDEX ix_name_bigrams_bigrams ON name_bigrams USING gin (bigrams)")


def downgrade() -> None:
    op.execute("DROP TABLE name_bigrams")
    op.drop_index("ix_subjects_org_code", "subjects")
