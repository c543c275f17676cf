"""Bodies of OneRoster writes, read liberally and made strict: what clients send, in the standard's form."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson

from standards.errors import InvalidBody
from standards.oneroster import model
from standards.oneroster.api.envelope import PLURALS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from standards.oneroster.model import Member

# An id that is a step of a path, as `..`, would lead to another address of the district's system.
GUID = re.compile(r"(?!\.{1,2}$)[0-9A-Za-z./@_-]{1,255}")
REFERENCE = frozenset({"sourcedId", "href", "type"})
# Members that the receiver keeps itself: clients leave them out, and values they send are ignored.
KEPT = frozenset({"status", "dateLastModified"})
# What a client need not send because another member tells it: the class of a piece of work tells its school.
DERIVED: Mapping[str, frozenset[str]] = MappingProxyType({"lineItem": frozenset({"school"})})
# What a client need not send where the district says what is meant, or the due day does: what kind of work it is.
DECLARED: Mapping[str, frozenset[str]] = MappingProxyType({"lineItem": frozenset({"category", "gradingPeriod"})})
MAX_TEXT_CHARACTERS: Final = 65_536
MAX_ITEMS: Final = 1_000
MAX_DEPTH: Final = 32
WRONG: Final = object()

Places = dict[str, list[str]]


def parse(text: bytes) -> Any:
    """Parse the JSON document in *text*, in which no object names a member twice.

    Raises:
        InvalidBody: the text is no such JSON.
    """
    try:
        document = orjson.loads(text)
        json.loads(text, object_pairs_hook=_once)
    except orjson.JSONDecodeError as error:
        raise InvalidBody(f"The body is not JSON at line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):
        raise InvalidBody("The body is not JSON that can be read.") from None
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object whose members all have different names.

    Raises:
        InvalidBody: two have one name, so that the meaning is not clear.
    """
    named = dict(pairs)
    if len(named) < len(pairs):
        raise InvalidBody("An object in the body has the same member twice.")
    return named


def unsaid(name: str) -> frozenset[str]:
    """Return the members of a class that a body may omit, though the standard requires them of a record."""
    return DERIVED.get(name, frozenset()) | DECLARED.get(name, frozenset())


def single(version: str, name: str, document: Any, known: Collection[str], derived: Collection[str]) -> dict[str, Any]:
    """Read the record in the wrapper of a PUT: ``{"lineItem": {…}}``.

    *known* are the members that exist for the caller, *derived* those that need not be sent.

    Raises:
        InvalidBody: with every place that is wrong.
    """
    places: Places = {}
    record = _wrapped(name, document, places)
    clean = _object(version, name, record, f"$.{name}", places, known, derived) if record is not None else {}
    if places:
        raise _refusal(places)
    return clean


def several(
    version: str, name: str, document: Any, known: Collection[str], derived: Collection[str]
) -> list[dict[str, Any]]:
    """Read the records in the wrapper of a POST: ``{"results": [{…}, …]}``.

    Raises:
        InvalidBody: with every place that is wrong.
    """
    places: Places = {}
    plural = PLURALS[name]
    records = _wrapped(plural, document, places, kind=list)
    found: list[dict[str, Any]] = []
    if records is not None and not 1 <= len(records) <= MAX_ITEMS:
        places[f"$.{plural}"] = [f"has not 1 to {MAX_ITEMS} items"]
        records = None
    for number, record in enumerate(records or ()):
        found.append(_object(version, name, record, f"$.{plural}[{number}]", places, known, derived))
    if places:
        raise _refusal(places)
    return found


def _refusal(places: Places) -> InvalidBody:
    return InvalidBody("The body cannot be accepted.", places)


def _wrapped(name: str, document: Any, places: Places, kind: type = dict) -> Any:
    if not isinstance(document, dict):
        places["$"] = ["is not an object"]
        return None
    for other in document.keys() - {name}:
        places[f"$.{other[:80]}"] = ["is not a member"]
    if not isinstance(document.get(name), kind):
        places[f"$.{name}"] = ["is missing" if name not in document else f"is not an {_said(kind)}"]
        return None
    return document[name]


def _said(kind: type) -> str:
    return "array" if kind is list else "object"


def _object(
    version: str,
    name: str,
    given: Any,
    path: str,
    places: Places,
    known: Collection[str] | None = None,
    derived: Collection[str] = (),
) -> dict[str, Any]:
    """Read an object into the standard's form, noting faults in *places*."""
    if not isinstance(given, dict):
        places[path] = ["is not an object"]
        return {}
    members = model.classes(version)[name]
    clean: dict[str, Any] = {}
    for key, value in given.items():
        member = members.get(key)
        if member is None or (known is not None and key not in known and key not in KEPT):
            places[f"{path}.{key[:80]}"] = ["is not a member"]
        elif value is not None and key not in KEPT:
            clean[key] = _member(version, member, value, f"{path}.{key}", places)
    if given.get("status") == "tobedeleted":
        places[f"{path}.status"] = ["cannot be tobedeleted: use DELETE"]
    for key, member in members.items():
        needed = member.required and key not in KEPT and key not in derived and (known is None or key in known)
        if needed and key not in clean and f"{path}.{key}" not in places:
            places[f"{path}.{key}"] = ["is missing"]
    return clean


def _member(version: str, member: Member, value: Any, path: str, places: Places) -> Any:
    if not member.many:
        return _value(version, member, value, path, places)
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        places[path] = ["is not an array"]
        return []
    if len(value) < member.minimum:
        places[path] = [f"has fewer than {member.minimum} items"]
    return [_value(version, member, item, f"{path}[{at}]", places) for at, item in enumerate(value)]


def _value(version: str, member: Member, value: Any, path: str, places: Places) -> Any:
    if member.type == "object":
        return _object(version, member.class_name, value, path, places)
    if member.type == "guidRef":
        return _reference(value, path, places)
    listed = member.type != "enum" or _listed(member, value)
    found = READ.get(member.type, _text)(value) if listed else WRONG
    if found is WRONG:
        places[path] = ["is not one of its listed values" if member.type == "enum" else f"is not a {member.type}"]
        return None
    return found


def _reference(value: Any, path: str, places: Places) -> Any:
    if not isinstance(value, dict):
        places[path] = ["is not an object"]
        return {}
    for key in value.keys() - REFERENCE:
        places[f"{path}.{key[:80]}"] = ["is not a member"]
    if not (isinstance(value.get("sourcedId"), str) and GUID.fullmatch(value["sourcedId"])):
        places[f"{path}.sourcedId"] = ["is not an id" if "sourcedId" in value else "is missing"]
        return {}
    return {"sourcedId": value["sourcedId"]}


def _listed(member: Member, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value in member.values or bool(member.extension and re.fullmatch(member.extension, value))


def _text(value: Any) -> Any:
    """Read a text that every system can keep: no half characters, no controls but tabs and line ends."""
    fine = isinstance(value, str) and len(value) <= MAX_TEXT_CHARACTERS
    return value if fine and not any(_unfit(letter) for letter in value) else WRONG


def _unfit(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff" or (letter < " " and letter not in "\t\n\r")


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= 40 else WRONG  # noqa: PLR2004  no score is longer
        except ValueError:
            return WRONG
    if isinstance(value, bool) or not isinstance(value, int | float):
        return WRONG
    try:
        return float(value) if math.isfinite(value) else WRONG
    except OverflowError:
        return WRONG


def _date(value: Any) -> Any:
    """Read a date; of a moment, which some clients send, its day."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?", value):
        return WRONG
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except ValueError:
        return WRONG


def _moment(value: Any) -> Any:
    """Read a moment; of a date, its first; one without a zone is in UTC."""
    if not isinstance(value, str):
        return WRONG
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        value += "T00:00:00.000Z"
    elif re.fullmatch(r"[^Zz+]*T[0-9:.]+", value):
        value += "Z"
    return value if model.is_datetime(value) else WRONG


def _truth(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.lower() if isinstance(value, str) and value.lower() in {"true", "false"} else WRONG


def _year(value: Any) -> Any:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and re.fullmatch(r"[0-9]{4}", text) else WRONG


def _open(value: Any) -> Any:
    if not isinstance(value, dict) or not _fits(value, MAX_DEPTH):
        return WRONG
    return {name: item for name, item in value.items() if item is not None}


def _fits(value: Any, depth: int) -> bool:
    """Tell whether every system can keep a value of an open object: not too deep, its texts readable."""
    if isinstance(value, dict):
        return depth > 0 and all(_text(name) is not WRONG and _fits(item, depth - 1) for name, item in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_fits(item, depth - 1) for item in value)
    return not isinstance(value, str) or _text(value) is not WRONG


READ: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "uri": _text,
    "float": _number,
    "date": _date,
    "dateTime": _moment,
    "boolString": _truth,
    "bool|boolString": _truth,
    "year": _year,
    "metadata": _open,
}
