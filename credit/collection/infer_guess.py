"""Columns without a header (无表头列): meanings proposed from values alone. Pure."""

from collections.abc import Sequence

from credit.collection.infer_columns import ColumnView


def guess_columns(views: Sequence[ColumnView], has_header: bool) -> None:
    """Fill scores of columns that no header speaks for."""
