"""A process that takes one file and says each commit, to be killed by ``test_kill.py``. Not a test.

``python -m tests.credit.collection.taking INSTANCE DATABASE_URL LOG_URL FILE``
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from credit.collection.carriers import files
from credit.collection.description import Description, read_description
from credit.collection.run import collect_file
from credit.deployment import make_deployment, open_session
from credit.keyring import load_keyring
from models.session import make_engine

PAGE = 20
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
COLUMNS = {
    "名称": "name",
    "统一社会信用代码": "uscc",
    "文号": "doc_no",
    "日期": "decision_date",
    "机关": "authority",
    "内容": "content",
}


def describe(**changes: object) -> Description:
    """A source of penalties with the plainest columns."""
    return read_description(
        {
            "name": "killed", "title": "测试处罚", "department": "区城管执法局", "carrier": "files", "item": "penalty",
            "columns": [{"column": column, "means": means} for column, means in COLUMNS.items()],
            **changes,
        }
    )  # fmt: skip


def main(instance: Path, url: str, log_url: str, path: Path) -> None:
    """Take the file, a small batch at a time."""
    files.Table.pages.__defaults__ = (PAGE,)
    deployment = make_deployment(
        district="测试区",
        jurisdiction="shanghai",
        instance=instance,
        engine=make_engine(url),
        enquiry_engine=make_engine(log_url),
        keyring=load_keyring(instance / "keys"),
    )
    with open_session(deployment) as session:
        for progress in collect_file(session, path, describe(), clock=lambda: NOW, today=date(2026, 11, 20)):
            session.commit()
            print("committed", progress.rows, progress.report, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
