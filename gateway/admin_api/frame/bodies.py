"""Bodies of the administration API: JSON, read strictly, with the place of each mistake."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from gateway.admin_api.frame.problems import MAX_BODY_BYTES
from gateway.web.responses import arguments
from standards.errors import InvalidBody, MalformedQuery, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON: Final = "application/json"
MAX_LIMIT: Final = 500
DEFAULT_LIMIT: Final = 25
"""How many are on a page, where nothing else is asked: as many as Ed-Fi's administration API gives."""

MAX_OFFSET: Final = 1_000_000
DIGITS: Final = re.compile(r"[0-9]{1,9}")
ONE_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


class AdminBody(Schema):
    """The members of one body; a member that is not named is refused, as marshmallow does unless it is told."""


class TextLine(fields.String):
    """One line of text without control characters, of *most* characters, and at least of one where nothing is said."""

    def __init__(self, most: int, least: int = 1, pattern: str = ONE_LINE, **more: Any) -> None:
        rules = [validate.Length(least, most), validate.Regexp(pattern, error="This is not of the right form.")]
        super().__init__(validate=rules, **more)


class Flag(fields.Boolean):
    """True or false, and nothing that is meant for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        found: bool = super()._deserialize(value, attr, data, **more)
        return found


class Count(fields.Integer):
    """A whole number between two bounds, written in a body as a number."""

    def __init__(self, least: int, most: int, **more: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if isinstance(value, str | bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class AskedCount(Count):
    """A whole number in a query string: digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if not DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(int(value), attr, data, **more)


class Filters(AdminBody):
    """The parameters of a query string."""


class Paged(Filters):
    """The parameters of every list: which page of it."""

    offset = AskedCount(0, MAX_OFFSET, load_default=0, metadata={"description": "How many to leave out first."})
    limit = AskedCount(
        1, MAX_LIMIT, load_default=DEFAULT_LIMIT, metadata={"description": "How many to return at most."}
    )


class Nothing(AdminBody):
    """A body without members; none at all will do."""


def read_body(schema: type[AdminBody]) -> Mapping[str, Any]:
    """Read the body of the present request.

    Raises:
        InvalidBody: it is no JSON object that the *schema* knows; it says where.
        UnsupportedMedia: it is of another media type.
    """
    request.max_content_length = MAX_BODY_BYTES
    sent = request.get_data()
    if not sent:
        return _loaded(schema, {})
    if request.mimetype != JSON:
        raise UnsupportedMedia(f"Send the body as {JSON}.")
    return _loaded(schema, _parsed(sent))


def read_filters(schema: type[Filters]) -> Mapping[str, Any]:
    """Read the query string of the present request.

    Raises:
        MalformedQuery: a parameter is unknown, given twice, or has no value it can have.
    """
    given = arguments()
    named = dict(given)
    if len(named) < len(given):
        raise MalformedQuery("query", "A parameter is given twice.")
    try:
        found: Mapping[str, Any] = schema().load(named)
    except ValidationError as error:
        name, texts = next(iter(_messages(error).items()))
        message = f"The parameter {str(name)[:80]!r}: {next(_texts(texts, ''))[1]}"
        raise MalformedQuery(str(name)[:80], message) from None
    return found


def _parsed(sent: bytes) -> Any:
    try:
        found = json.loads(sent.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidBody("The body is no JSON, or has a member twice.", {"": ["This cannot be read."]}) from None
    if not isinstance(found, dict):
        raise InvalidBody("The body is no JSON object.", {"": ["This must be an object."]})
    if not _is_text(found):
        raise InvalidBody("The body has characters that no text has.", {"": ["NUL, or half of a character."]})
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_name: str) -> NoReturn:
    raise ValueError


def _is_text(value: Any) -> bool:
    """Tell whether every text in a value can be written as UTF-8 and stored: no NUL, no half of a character."""
    if isinstance(value, str):
        return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(_is_text(one) for pair in value.items() for one in pair)
    return all(map(_is_text, value)) if isinstance(value, list) else True


def _loaded(schema: type[AdminBody], given: Any) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = schema().load(given)
    except ValidationError as error:
        places: dict[str, list[str]] = {}
        for place, text in _texts(_messages(error), ""):
            places.setdefault(place, []).append(text)
        raise InvalidBody("The body is not as it must be; errors lists where.", places) from None
    return found


def _messages(error: ValidationError) -> dict[str, Any]:
    found: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return found


def _texts(messages: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield each mistake with the JSON pointer (RFC 6901) of its place."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            part = "" if name == "_schema" else "/" + str(name)[:80].replace("~", "~0").replace("/", "~1")
            yield from _texts(inner, place + part)
    else:
        yield from ((place, str(text)) for text in messages)
