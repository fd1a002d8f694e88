"""What comes in, read strictly: JSON without traps, fields and parameters without strangers.

Refused with 400: bytes that are no UTF-8, no JSON, a key twice, NaN or Infinity, nesting beyond ``DEPTH``, numbers no column
holds. Refused with 422: NUL and lone surrogates inside texts, unknown fields. Refused with 415: any other content type. The
standard parser lets all of these pass or falls over them.
"""

import json
import math
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from credit.errors import CreditError, InvalidContent

DEPTH = 16
DIGITS = 18


class UnreadableContent(CreditError):
    """A body that is not the JSON it claims to be."""

    slug, title = "unreadable-content", "请求内容无法读取"


def read_json(raw: bytes) -> Any:
    """The value of a JSON body; see the module for what is refused."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_without_twins, parse_constant=_refuse_constant, parse_int=_int, parse_float=_float
        )
    except UnicodeDecodeError:
        raise UnreadableContent("内容不是 UTF-8 编码") from None
    except RecursionError:
        raise UnreadableContent("嵌套层数过多") from None
    except json.JSONDecodeError as error:
        raise UnreadableContent(f"不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）") from None
    _check(value)
    return value


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableContent("同一对象中键名重复")
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise UnreadableContent("不接受 NaN 或 Infinity")


def _int(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS:
        raise UnreadableContent("数字过长")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableContent("数字过大")
    return number


def _check(value: Any) -> None:
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, str):
            _check_text(each)
        elif isinstance(each, dict | list):
            if depth > DEPTH:
                raise UnreadableContent("嵌套层数过多")
            inner = [*each.keys(), *each.values()] if isinstance(each, dict) else each
            waiting.extend((one, depth + 1) for one in inner)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise InvalidContent("文本中含有空字符（NUL）")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidContent("文本中含有不完整的 Unicode 字符")


class StrictParser(FlaskParser):
    """Arguments of a request: strict JSON, unknown names refused everywhere, a parameter given twice refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE, "headers": ma.EXCLUDE}  # noqa: RUF012

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body; any content type but JSON is refused."""
        if req.mimetype != "application/json":
            raise UnsupportedMediaType
        return read_json(req.get_data(cache=False))

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The parameters of the address."""
        for name, values in req.args.lists():
            if len(values) > 1 and not isinstance(schema.fields.get(name), ma.fields.List):
                raise _located(ma.ValidationError({name: ["参数重复"]}), "query")
            for value in (name, *values):
                if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
                    raise BadRequest
        return super().load_querystring(req, schema)

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:
        """Hand the fault to ``api.problems`` as it is, with the place it was found in."""
        messages: Any = error.messages
        location = next(iter(messages)) if isinstance(messages, dict) and len(messages) == 1 else None
        if location in {"json", "query", "headers"}:
            error = ma.ValidationError(messages[location])
        raise _located(error, "query" if location == "query" else "body")


def _located(error: ma.ValidationError, location: str) -> ma.ValidationError:
    error.location = location  # type: ignore[attr-defined]
    return error


class StrictBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint of the JSON interface: arguments read by ``StrictParser``."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Read with one schema object for all requests; a class would be built anew for each."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)


class Strict(ma.Schema):
    """Base of every schema that reads: unknown fields are refused."""

    class Meta:
        """Refuse what is not named."""

        unknown = ma.RAISE
