"""``Idempotency-Key`` on every POST that creates: same key and same request, same answer; another request, 422."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, make_response, request

from api.clock import moment
from api.content import StrictBlueprint
from api.database import get_session
from api.security import current_enquirer
from credit.enquiries import logged
from credit.errors import InvalidContent
from credit.idempotency import KeptAnswer, claim_key, keep_answer

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,128}", re.ASCII)
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "description": "幂等键：相同键的相同请求只生效一次，三十日内重发得到原答复",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}

View = Callable[..., Any]


def idempotent(blueprint: StrictBlueprint) -> Callable[[View], View]:
    """Let a creating view be repeated safely, and document the header."""

    def wrap(view: View) -> View:
        @wraps(view)
        def once(*arguments: Any, **named: Any) -> Any:
            key = request.headers.get(HEADER)
            if key is None:
                return view(*arguments, **named)
            return _answer_once(key, lambda: make_response(view(*arguments, **named)))

        documented: View = blueprint.doc(parameters=[PARAMETER])(once)
        return documented

    return wrap


def _answer_once(key: str, create: Callable[[], Response]) -> Response:
    if _KEY.fullmatch(key) is None:
        raise InvalidContent("幂等键须为 1 至 128 个可见 ASCII 字符")
    session, enquirer = get_session(), current_enquirer()
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode() + request.get_data(cache=True)).digest()
    kept = claim_key(session, enquirer, key, digest, now=moment())
    if kept is None:
        answer = create()
        if answer.status_code < 400:
            keep_answer(session, enquirer, key, KeptAnswer(answer.status_code, answer.get_data(as_text=True)))
        return answer
    with logged(session, enquirer, "repeated-answer", now=moment()):
        return Response(kept.body, kept.status, content_type="application/json")
