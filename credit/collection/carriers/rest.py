"""The service carrier (服务方式): pages of JSON rows from a department's interface, by page number or cursor; nothing else.

The address is checked against the allow-list, redirects are not followed, an answer is bounded in size, a failing page is
asked again a few times. Fewer rows than the declared total, or a row that is no object, refuses the pull.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from credit.collection.carriers.connections import Connections
from credit.collection.description import RestSettings
from credit.errors import FileRefused

LARGEST_ANSWER = 32 * 1024 * 1024
ATTEMPTS = 4
MOST_PAGES = 100_000

Rows = tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]


def fetch_pages(
    settings: RestSettings, connections: Connections, *, timeout: float = 20.0, pause: float = 0.5
) -> Iterator[Rows]:
    """All pages as (rows, position). ``pause`` is the first wait in seconds before asking again, doubled each time."""
    url = connections.address(settings.url)
    headers = {"Accept": "application/json"}
    if settings.credential is not None:
        headers["Authorization"] = f"Bearer {connections.credential(settings.credential)}"
    with httpx.Client(headers=headers, timeout=timeout, follow_redirects=False, trust_env=False) as client:
        position: dict[str, Any] = {"page": 1} if settings.paging == "page" else {}
        seen = 0
        for _ in range(MOST_PAGES):
            answer = _ask(client, url, {"size": settings.page_size, **position}, pause)
            rows = _rows(answer, settings)
            seen += len(rows)
            following = _following(answer, settings, position, rows)
            if rows:
                yield rows, following or position
            if following is None:
                return _check_total(answer, seen)
            if following == position:
                raise FileRefused("接口分页没有前进，已停止")
            position = following
    raise FileRefused("接口分页没有尽头，已停止")


def _check_total(answer: Mapping[str, Any], seen: int) -> None:
    """A source that declares more rows than it handed over is not taken for whole (an empty answer least of all)."""
    total = answer.get("total")
    if isinstance(total, int) and seen < total:
        raise FileRefused(f"接口声明共有 {total} 条，只读到 {seen} 条，已停止")


def _ask(client: httpx.Client, url: str, query: dict[str, Any], pause: float) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            status, content = _get(client, url, query)
            if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
                break
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise FileRefused("接口无法连接") from None
        if attempt < ATTEMPTS:
            time.sleep(pause * 2 ** (attempt - 1))
    if status != httpx.codes.OK:
        raise FileRefused(f"接口返回状态 {status}")
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise FileRefused("接口返回的不是 JSON") from None
    if not isinstance(answer, dict):
        raise FileRefused("接口返回的不是 JSON 对象")
    return answer


def _get(client: httpx.Client, url: str, query: dict[str, Any]) -> tuple[int, bytes]:
    """Status and body of one request; reading ends where the answer grows too large."""
    content = bytearray()
    with client.stream("GET", url, params=query) as response:
        for part in response.iter_bytes():
            content += part
            if len(content) > LARGEST_ANSWER:
                raise FileRefused("接口返回内容过大")
    return response.status_code, bytes(content)


def _rows(answer: Mapping[str, Any], settings: RestSettings) -> list[Mapping[str, Any]]:
    rows = answer.get(settings.records)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileRefused(f"接口返回缺少数据列表 {settings.records}")
    return rows


def _following(
    answer: Mapping[str, Any], settings: RestSettings, position: Mapping[str, Any], rows: Sequence[Any]
) -> dict[str, Any] | None:
    """Where the next page is; None at the end."""
    if settings.paging == "page":
        page = int(position["page"])
        pages = answer.get("pages")
        last = page >= pages if isinstance(pages, int) else len(rows) < settings.page_size
        return None if last else {"page": page + 1}
    cursor = answer.get(settings.next)
    return None if cursor in (None, "") else {settings.cursor: cursor}
