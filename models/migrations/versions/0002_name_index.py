"""Name index: the bigrams of every name, in the form each database searches best."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE name_bigrams USING fts5(bigrams, content='', detail=none)")
        return
    op.execute("CREATE TABLE name_bigrams (id bigint PRIMARY KEY, bigrams text[] NOT NULL)")
    op.execute("CREATE INDEX ix_name_bigrams_bigrams ON name_bigrams USING gin (bigrams)")


def downgrade() -> None:
    op.execute("DROP TABLE name_bigrams")
