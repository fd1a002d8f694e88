"""The service carrier (服务方式): pages of JSON rows from a department's interface, by page number, cursor or time; nothing else.

The address is checked against the allow-list, redirects are not followed, an answer is bounded in size, a failing page is
asked again a few times, as late as the service asks (Retry-After). Fewer rows than the declared total, or a row that is no
object, refuses the pull. By time, each window is asked page by page and the position moves only when its last page is in; the
next pull begins a little before it, for what was entered late: what is read twice is unchanged.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from credit.collection.carriers.connections import Connections
from credit.collection.carriers.signing import canonical_query, signed_headers
from credit.collection.description import RestSettings
from credit.errors import FileRefused
from models.base import DISTRICT_ZONE

LARGEST_ANSWER = 32 * 1024 * 1024
ATTEMPTS = 4
MOST_PAGES = 100_000
LONGEST_WAIT = 60.0
"""Seconds a service may make us wait within a pull; asked to wait longer, the pull ends and the schedule tries later."""

Rows = tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class _Service:
    """A service as it is asked: its client, address and how a request proves who asks."""

    client: httpx.Client
    url: str
    pause: float
    credential: str | None
    secret: str
    signs: bool

    def get(self, query: Mapping[str, Any]) -> tuple[int, bytes, httpx.Headers]:
        """Status, body and headers of one request; reading ends where the answer grows too large."""
        parts = urlsplit(self.url)
        asked = canonical_query([*parse_qsl(parts.query), *((name, str(value)) for name, value in query.items())])
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret and not self.signs else {}
        if self.signs:
            now, nonce = int(time.time()), secrets.token_hex(16)
            headers = signed_headers(
                self.credential or "", self.secret, "GET", parts.path or "/", asked, timestamp=now, nonce=nonce
            )
        content = bytearray()
        with self.client.stream("GET", parts._replace(query=asked).geturl(), headers=headers) as response:
            for part in response.iter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    raise FileRefused("接口返回内容过大")
        return response.status_code, bytes(content), response.headers


def fetch_pages(
    settings: RestSettings,
    connections: Connections,
    position: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
    timeout: float = 20.0,
    pause: float = 0.5,
) -> Iterator[Rows]:
    """All pages as (rows, position). ``pause`` is the first wait in seconds before asking again, doubled each time.

    By time: from ``position`` to ``now``; the other ways of paging always begin at the beginning.
    """
    url = connections.address(settings.url)
    secret = connections.credential(settings.credential) if settings.credential is not None else ""
    headers = {"Accept": "application/json"}
    with httpx.Client(headers=headers, timeout=timeout, follow_redirects=False, trust_env=False) as client:
        service = _Service(client, url, pause, settings.credential, secret, settings.auth == "signature")
        if settings.paging != "time":
            yield from _pages(service, settings, {}, by_number=settings.paging == "page")
            return
        if now is None:
            raise ValueError("paging by time needs the time")
        reached = _reached(settings, position)
        overlap = timedelta(minutes=settings.overlap_minutes if position else 0)
        for since, until in _windows(reached - overlap, now, timedelta(days=settings.window_days)):
            window = {settings.since: _moment(since), settings.until: _moment(until)}
            held: Sequence[Mapping[str, Any]] | None = None
            for rows, _ in _pages(service, settings, window, by_number=True):
                if held is not None:
                    yield held, {"since": max(since, reached).isoformat()}
                held = rows
            if held is not None:
                yield held, {"since": max(until, reached).isoformat()}


def _reached(settings: RestSettings, position: Mapping[str, Any] | None) -> datetime:
    """How far the last pull got, else where the first begins."""
    try:
        reached = datetime.fromisoformat(str((position or {}).get("since") or settings.start))
    except ValueError:
        raise FileRefused("数据源的取数位置有误") from None
    return reached if reached.tzinfo else reached.replace(tzinfo=DISTRICT_ZONE)


def _windows(begin: datetime, now: datetime, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Windows without a gap to now, each end the next beginning."""
    end = now.replace(microsecond=0)
    while begin < end:
        until = min(begin + length, end)
        yield begin, until
        begin = until


def _moment(moment: datetime) -> str:
    return moment.astimezone(DISTRICT_ZONE).isoformat(timespec="seconds")


def _pages(service: _Service, settings: RestSettings, window: Mapping[str, Any], *, by_number: bool) -> Iterator[Rows]:
    """All pages of one question, as (rows, position)."""
    position: dict[str, Any] = {"page": 1} if by_number else {}
    seen = 0
    for _ in range(MOST_PAGES):
        answer = _ask(service, {"size": settings.page_size, **window, **position})
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


def _ask(service: _Service, query: Mapping[str, Any]) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        wait = service.pause * 2 ** (attempt - 1)
        try:
            status, content, headers = service.get(query)
            if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
                break
            wait = max(wait, _asked_to_wait(headers))
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise FileRefused("接口无法连接") from None
        if attempt < ATTEMPTS:
            time.sleep(wait)
    if status != httpx.codes.OK:
        raise FileRefused(f"接口返回状态 {status}")
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise FileRefused("接口返回的不是 JSON") from None
    if not isinstance(answer, dict):
        raise FileRefused("接口返回的不是 JSON 对象")
    return answer


def _asked_to_wait(headers: httpx.Headers) -> float:
    """Seconds a service asks us to wait (Retry-After: seconds or a date). FileRefused where that is for a later pull."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        seconds = float(asked[:9])
    else:
        try:
            moment = parsedate_to_datetime(asked)
        except ValueError:
            return 0.0
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time()
    if seconds > LONGEST_WAIT:
        raise FileRefused(f"接口要求 {int(seconds)} 秒后再试")
    return max(seconds, 0.0)


def _rows(answer: Mapping[str, Any], settings: RestSettings) -> list[Mapping[str, Any]]:
    rows = answer.get(settings.records)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileRefused(f"接口返回缺少数据列表 {settings.records}")
    return rows


def _following(
    answer: Mapping[str, Any], settings: RestSettings, position: Mapping[str, Any], rows: Sequence[Any]
) -> dict[str, Any] | None:
    """Where the next page is; None at the end."""
    if "page" in position:
        page = int(position["page"])
        pages = answer.get("pages")
        last = page >= pages if isinstance(pages, int) else len(rows) < settings.page_size
        return None if last else {"page": page + 1}
    cursor = answer.get(settings.next)
    return None if cursor in (None, "") else {settings.cursor: cursor}
