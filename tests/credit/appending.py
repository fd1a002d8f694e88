"""A process that appends enquiries, run twice at once by ``test_enquiry_log.py``. Not a test.

``python -m tests.credit.appending INSTANCE LOG_URL WHO COUNT``
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from credit.enquiry_log import EnquiryLog, Entry, new_ref
from credit.keyring import load_keyring
from models.session import make_engine


def main(instance: Path, url: str, who: str, count: int) -> None:
    """Append ``count`` entries as fast as they go."""
    log = EnquiryLog(make_engine(url), load_keyring(instance / "keys"), instance)
    for _ in range(count):
        log.append(Entry(new_ref(), datetime(2026, 11, 20, 2, 0, tzinfo=UTC), who, "regulator", "区局", "lookup"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
