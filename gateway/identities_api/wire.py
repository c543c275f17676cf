"""The wire of identities: what is asked and answered, with the members that Ed-Fi's document spells.

Members of requests are read in any case, as an ODS reads them; a member that is not known says nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from standards.errors import BodyTooLarge, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.admin.transfers.own_students import OwnStudent

MAX_ASKED: Final = 20
"""The ids or descriptions of one request."""

MAX_CHARACTERS: Final = 200
MAX_BYTES: Final = 1 << 16
DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]{1,20}(Z|[+-][0-9:]{2,6})?)?")
TEXTS: Final = {
    "lastsurname": "family", "firstname": "given", "middlename": "middle", "generationcodesuffix": "suffix",
}  # fmt: skip
"""The members by which a student is searched, and what matching calls them; others lead to nobody."""

PLACE: Final = ("City", "StateAbbreviation", "InternationalProvince", "Country")
COMPLETE: Final = "Complete"
CERTAIN: Final = 100.0
WRONG: Final = "The body must be a list of {}, at most {}."


def read_ids(sent: bytes) -> list[str]:
    """Read the unique ids of a find.

    Raises:
        InvalidBody: they are none, or too many.
    """
    found = _list(sent, "unique ids")
    if not all(isinstance(one, str) and 0 < len(one) <= MAX_CHARACTERS for one in found):
        raise InvalidBody(WRONG.format("unique ids", MAX_ASKED))
    return found


def read_descriptions(sent: bytes) -> list[dict[str, str]]:
    """Read the descriptions of a search, each by the names that matching has for its parts.

    Raises:
        InvalidBody: they are none, or too many, or a member has no value that it can have; no value is repeated.
    """
    found = _list(sent, "descriptions")
    if not all(isinstance(one, dict) for one in found):
        raise InvalidBody(WRONG.format("descriptions", MAX_ASKED))
    return [_description(one) for one in found]


def identity(one: OwnStudent) -> dict[str, Any]:
    """Return a student as an identity: what the district's system does not say is null."""
    said = one.stated
    return {
        "UniqueId": one.unique,
        "LastSurname": said.get("family") or None,
        "FirstName": said.get("given") or None,
        "MiddleName": said.get("middle") or None,
        "GenerationCodeSuffix": said.get("suffix") or None,
        "SexType": None,
        "BirthDate": _moment(said.get("birthDate", "")),
        "BirthOrder": None,
        "BirthLocation": dict.fromkeys(PLACE),
        "Score": one.score,
    }


def answered(groups: Iterable[Iterable[OwnStudent]]) -> dict[str, Any]:
    """Return what came of a request: a group for each thing that was asked, in its order."""
    found = [{"Responses": [identity(one) for one in group]} for group in groups]
    return {"Status": COMPLETE, "SearchResponses": found}


def _list(sent: bytes, what: str) -> list[Any]:
    if len(sent) > MAX_BYTES:
        raise BodyTooLarge(MAX_BYTES)
    try:
        found = json.loads(sent.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise InvalidBody("The body is no JSON, or has a member twice.") from None
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_ASKED:
        raise InvalidBody(WRONG.format(what, MAX_ASKED))
    return found


def _description(one: Mapping[str, Any]) -> dict[str, str]:
    given = {name.lower(): value for name, value in one.items() if value is not None}
    asked = {part: _text(given[name], name) for name, part in TEXTS.items() if name in given}
    if "birthdate" in given:
        asked["birthDate"] = _day(given["birthdate"])
    return {part: value for part, value in asked.items() if value}


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_CHARACTERS or not _is_text(value):
        raise InvalidBody(f"The member {name} must be a text of at most {MAX_CHARACTERS} characters.")
    return value.strip()


def _day(value: Any) -> str:
    found = DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidBody("The member birthdate must be a date, such as 2012-03-04.")
    return found[1]


def _is_text(value: str) -> bool:
    return not any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in value)


def _moment(day: str) -> str | None:
    return f"{day}T00:00:00" if DAY.fullmatch(day) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {name.lower(): value for name, value in pairs}
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_name: str) -> Any:
    raise ValueError
