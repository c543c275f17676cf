"""Bodies of Ed-Fi writes, read liberally and made strict: what clients send, in the model's spelling."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from standards.edfi.api import error_sentences, key_rules
from standards.edfi.api.error_sentences import PLACE
from standards.edfi.api.ignored_members import published
from standards.edfi.model import values
from standards.edfi.model.model import validate
from standards.errors import CallerError, InvalidBody
from standards.view import List, Object, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from standards.edfi.api.ignored_members import Ignored
    from standards.edfi.model.model import Property, Resource
    from standards.view import Node

    Shape = dict[str, "Shape | None"]

OWN = frozenset({"id", "_etag", "_lastmodifieddate"})  # members that the API adds itself, in small letters
REFUSED = "The body cannot be accepted."
UNKNOWN = "This is not a member of the resource."
TWICE = "An item with the same key has already been added."
UNEXPECTED = "Unexpected character encountered while parsing value: {}. Path '', line 0, position 0."
UNLIKE_JSON = re.compile(rb"(?![{\[\"'0-9tfnuNI/-])[!-~]")
"""Characters with which no JSON begins, of those that an error may name."""

LEFT_EMPTY = "is required and should not be left empty"
UNKEPT = "The value has characters that no system can keep."
MAX_REPORTED_ERRORS = 100
"""The faults of one body that are reported."""

Places = dict[str, list[str]]


def parse(text: bytes) -> Any:
    """Parse the JSON document in *text*, in which no object names a member twice.

    Raises:
        CallerError: it is no JSON; the error names the place, never the content.
        InvalidBody: an object in it has one name twice.
    """
    text = text.removeprefix(BOM_UTF8)  # which clients on .NET send, and an ODS skips
    if not text.strip():
        raise CallerError("A non-empty request body is required.")
    try:
        document = orjson.loads(text)
        repeated = dict(islice(_repeated(json.loads(text, object_pairs_hook=_MemberPairs), "$"), MAX_REPORTED_ERRORS))
    except orjson.JSONDecodeError as error:
        if first := UNLIKE_JSON.match(text):
            raise CallerError(UNEXPECTED.format(first.group().decode())) from None
        raise CallerError(f"The body is not JSON at line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):
        raise CallerError("The body is not JSON that can be read.") from None
    if repeated:
        raise InvalidBody(REFUSED, repeated)
    return document


class _MemberPairs(tuple[tuple[str, Any], ...]):
    """The members of an object, in which a name may occur twice."""

    __slots__ = ()


def _repeated(value: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the places below *path* at which an object repeats a name, whatever its case.

    A name that no published Data Standard has may be the client's own, and is reported at the object it is in.
    """
    if isinstance(value, _MemberPairs):
        seen: set[str] = set()
        for name, inner in value:
            known = published(name)
            place = f"{path}.{known}" if known else path
            if name.casefold() in seen:
                yield place, [TWICE]
            seen.add(name.casefold())
            yield from _repeated(inner, place)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _repeated(item, f"{path}[{at}]")


def shape(nodes: Iterable[Node]) -> Shape:
    """Return the members that the pruned *nodes* of a view show; None for one whose inside is shown as it is."""
    found: Shape = {}
    for node in nodes:
        inner: Shape | None = None
        if isinstance(node, List):
            inner = None if node.bare else shape((*node.early, *node.nodes))
        elif isinstance(node, Object | Reference):
            inner = shape(node.nodes)
        if not node.name and inner is not None:
            found.update(inner)
        elif node.name in found and (inner is None or found[node.name] is None):
            found[node.name] = None
        else:
            found[node.name] = {**(found.get(node.name) or {}), **inner} if inner is not None else None
    return found


def read(
    resource: Resource, document: Any, known: Shape, ignored: Ignored | None = None
) -> tuple[dict[str, Any], str | None]:
    """Read *document* into the model's own spelling, and the id it bears; *known* are the caller's members.

    Any other member is *ignored*, whatever it holds, or refused (None).

    Raises:
        InvalidBody: with every place that is wrong.
    """
    places: Places = {}
    if not isinstance(document, dict):
        raise InvalidBody(REFUSED, {"$": ["The body must be a JSON object."]})
    identifier = next((value for name, value in document.items() if name.lower() == "id"), None)
    own = OWN | {resource.descriptor_id.lower()}
    clean = _object(resource.properties, known, document, "$", places, own)
    if ignored is not None:
        _ignore(places, ignored)
    if len(places) < MAX_REPORTED_ERRORS:
        _judge(resource, clean, known, places)
    if places:
        raise InvalidBody(REFUSED, dict(islice(places.items(), MAX_REPORTED_ERRORS)))
    return clean, str(identifier) if identifier is not None else None


def _judge(resource: Resource, clean: Mapping[str, Any], known: Shape, places: Places) -> None:
    """Add to *places* what the standard, and an ODS, do not allow in a *clean* document."""
    told = (problem.partition(": ")[::2] for problem in validate(resource, clean))
    wrong = set(places)
    for path, said in chain(told, key_rules.broken(resource, clean)):
        if not _told(wrong, path) and (said != "is missing" or _has(known, path)):
            for place, sentence in error_sentences.told(resource.name, clean, path, said):
                listed = places.setdefault(place, [])
                if sentence not in listed and len(listed) < MAX_REPORTED_ERRORS:
                    listed.append(sentence)
            if said != error_sentences.REPEATED:
                wrong.add(path)


def _ignore(places: Places, ignored: Ignored) -> None:
    """Move unknown members from the wrong to the ignored ones."""
    for path in [path for path, said in places.items() if said == [UNKNOWN]]:
        del places[path]
        ignored.add(PLACE.sub("[]", path).split(".")[1:])


def _told(wrong: AbstractSet[str], path: str) -> bool:
    """Tell whether an error is reported already at *path*, or at what contains it."""
    while path and path not in wrong:
        path = path.rpartition(".")[0]
    return bool(path)


def plain(resource: Resource, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as it is *shown*, without what the API adds: the body that would change nothing."""
    own = OWN | {resource.descriptor_id.lower()}
    return _object(resource.properties, None, shown, "$", {}, own)


def hidden(resource: Resource, known: Shape) -> list[str]:
    """List the members that a new document must have and the caller may not write."""
    return list(_hidden(resource.properties, known, ""))


def identity_hidden(resource: Resource, known: Shape) -> bool:
    """Tell whether a part of the natural key does not exist for the caller."""
    return any(not _has(known, f"$.{path}") for path in resource.identity)


def _hidden(properties: Mapping[str, Property], known: Shape, prefix: str) -> Iterator[str]:
    for name, one in properties.items():
        if not one.required:
            continue
        inner = known.get(name, {})
        if name not in known:
            yield prefix + name
        elif inner is not None and one.type == "object":
            yield from _hidden(one.properties, inner, f"{prefix}{name}.")


def _has(known: Shape, path: str) -> bool:
    """Tell whether the member at a JSON *path* exists for the caller."""
    inside: Shape | None = known
    for part in PLACE.sub("", path).split(".")[1:]:
        if inside is None:
            return True
        if part not in inside:
            return False
        inside = inside[part]
    return True


def _object(
    properties: Mapping[str, Property],
    known: Shape | None,
    given: Mapping[str, Any],
    path: str,
    places: Places,
    own: frozenset[str],
) -> dict[str, Any]:
    names = {name.lower(): name for name in properties}
    clean: dict[str, Any] = {}
    for key, value in given.items():
        name = names.get(key.lower())
        if key.lower() in own and name is None:
            continue
        if name is None or (known is not None and name not in known):
            places.setdefault(f"{path}.{key[:80]}", [UNKNOWN])  # which may be spelt like the place of another
        elif name in clean:
            places[f"{path}.{name}"] = [TWICE]
        elif value is not None:
            one, inner = properties[name], known[name] if known is not None else None
            clean[name] = _value(one, inner, value, f"{path}.{name}", places)
            if clean[name] == "" and one.required:
                places[f"{path}.{name}"] = [error_sentences.sentence("", name, LEFT_EMPTY)]
            if not one.required and (clean[name] == "" or (one.collection and clean[name] == [])):
                del clean[name]
    return clean


def _value(one: Property, known: Shape | None, value: Any, path: str, places: Places) -> Any:
    own = frozenset({"link"} if one.reference else ())
    if one.collection and isinstance(value, list):
        return [
            _object(one.properties, known, item, f"{path}[{at}]", places, own) if isinstance(item, dict) else item
            for at, item in enumerate(value)
        ]
    if one.type == "object" and isinstance(value, dict):
        return _object(one.properties, known, value, path, places, own)
    if isinstance(value, str) and any(letter < " " and letter not in "\t\n\r" for letter in value):
        places[path] = [UNKEPT]
    return values.scalar(one, value)
