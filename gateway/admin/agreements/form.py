"""The form of an agreement: its document part by part, without touching what the form does not know."""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from policies.documents import loading
from standards.errors import CallerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Values = Mapping[str, Any]
    Where = tuple[str, ...]

Kind = Literal["text", "texts", "number", "flag"]
PARTS: Final = ("parties", "who", "what", "transfer", "duties")
"""The parts of the form, in their order."""

PART_OF: Final[Mapping[str, str]] = {
    "id": "parties", "version": "parties", "parties": "parties", "basis": "parties", "validity": "parties",
    "clients": "parties", "operations": "parties", "population": "who", "directory": "who", "elements": "what",
    "transfer": "transfer",
    "redisclosure": "duties", "retention": "duties", "obligations": "duties", "limits": "duties",
}  # fmt: skip
"""The part in which each key of a document is filled in; another one is found in the text alone."""

OPERATIONS: Final = ("read", "search", "create", "update", "delete", "bulk", "changes", "transfer")
ENDS: Final = ("expiry", "revocation", "withdrawal")
KINDS: Final = ("district", "cbo", "vendor", "sea", "researcher")
UNREADABLE: Final = "The text cannot be read, so no form shows it: mend the text first."
NOT_KEPT: Final = "This cannot be written by the form: change the text."


@dataclass(frozen=True, slots=True)
class FormMember:
    """A member of the form, and where its value stands in the document."""

    name: str
    where: Where
    kind: Kind = "text"


MEMBERS: Final[Mapping[str, tuple[FormMember, ...]]] = {
    "parties": (
        FormMember("kind", ("parties", "recipient", "kind")),
        FormMember("nces", ("parties", "provider", "nces")),
        FormMember("subprocessors", ("parties", "subprocessors"), "texts"),
        FormMember("ferpa", ("basis", "ferpa")),
        FormMember("state", ("basis", "state"), "texts"),
        FormMember("purpose", ("basis", "purpose")),
        FormMember("interest", ("basis", "legitimateInterest")),
        FormMember("begin", ("validity", "from")),
        FormMember("end", ("validity", "to")),
        FormMember("timezone", ("validity", "timezone")),
        FormMember("clients", ("clients",), "texts"),
        FormMember("operations", ("operations",), "texts"),
    ),
    "who": (
        FormMember("schools", ("population", "all", "school", "in"), "texts"),
        FormMember("grades", ("population", "all", "grade", "in"), "texts"),
        FormMember("enrollment", ("population", "all", "enrollment")),
        FormMember("programs", ("population", "all", "program", "in"), "texts"),
        FormMember("ageFrom", ("population", "all", "age", "from"), "number"),
        FormMember("ageTo", ("population", "all", "age", "to"), "number"),
        FormMember("form", ("population", "all", "consent", "form")),
        FormMember("optOut", ("directory", "optOut")),
        FormMember("notice", ("directory", "notice"), "texts"),
    ),
    "transfer": (
        FormMember("tracks", ("transfer", "release", "tracks"), "texts"),
        FormMember("when", ("transfer", "release", "when"), "texts"),
        FormMember("sections", ("transfer", "release", "sections"), "texts"),
        FormMember("ask", ("transfer", "ask"), "texts"),
        FormMember("twoPersons", ("transfer", "twoPersons"), "flag"),
        FormMember("notify", ("transfer", "notify")),
        FormMember("office", ("transfer", "office")),
        FormMember("receiverKeys", ("transfer", "keys", "receiver"), "texts"),
        FormMember("senderKeys", ("transfer", "keys", "sender"), "texts"),
    ),
    "duties": (
        FormMember("redisclosure", ("redisclosure",)),
        FormMember("named", ("redisclosure", "named"), "texts"),
        FormMember("deleteWithin", ("retention", "deleteWithin")),
        FormMember("after", ("retention", "after"), "texts"),
        FormMember("certificate", ("retention", "certificate")),
        FormMember("obligations", ("obligations",), "texts"),
        FormMember("smallCell", ("limits", "smallCell"), "number"),
        FormMember("maxRowsPerDay", ("limits", "maxRowsPerDay"), "number"),
    ),
}
"""The members of each part but the elements, in the order in which the form asks for them."""


def read_part(text: str, part: str) -> dict[str, Any]:
    """Return the values of a *part* of the form: texts, lists of texts, numbers, flags; what is not there is empty.

    Raises:
        CallerError: the text cannot be read.
    """
    content = content_of(text)
    return {one.name: _value(content, one) for one in MEMBERS[part]}


def write_part(text: str, part: str, values: Values) -> str:
    """Return the *text* with the *values* of a part of the form; what the form does not know stays as it is.

    Raises:
        CallerError: the text cannot be read, or a value not be written.
    """
    before = read_part(text, part)
    changed = {one: values[one.name] for one in MEMBERS[part] if one.name in values}
    changes = {one: value for one, value in changed.items() if value != before[one.name]}
    return _rewritten(text, lambda tree: _write(tree, changes, values)) if changes else text


def write_member(text: str, where: Where, value: object) -> str:
    """Return the *text* with one *value*, such as its version, in its place."""
    return _rewritten(text, lambda tree: _set(tree, where, value))


def read_actions(text: str) -> dict[str, str]:
    """Return the action of each path that has a line of nothing but path and action."""
    lines = content_of(text).get("elements")
    return {one["path"]: str(one["action"]) for one in lines or () if _is_plain(one)}


def write_actions(text: str, actions: Mapping[str, str]) -> str:
    """Return the *text* in which each path has the action chosen for it; an empty one takes its line away.

    Lines of another form (sets, windows) and those of other paths stay.
    """
    before = read_actions(text)
    changes = {path: action for path, action in actions.items() if before.get(path, "") != action}
    return _rewritten(text, lambda tree: _write_lines(tree, changes)) if changes else text


def content_of(text: str) -> dict[str, Any]:
    """Return what a text says.

    Raises:
        CallerError: it cannot be read.
    """
    try:
        found = loading.parse(text.encode(), "").content
    except (SettingsError, UnicodeError):
        raise CallerError(UNREADABLE) from None
    if not isinstance(found, dict):
        raise CallerError(UNREADABLE)
    return found


def _value(content: Any, one: FormMember) -> Any:
    """Return one value of the form; a program named alone is a list of one, and a redisclosure by name is *named*."""
    found = _selector(content, one.where[2]) if one.where[:2] == ("population", "all") else content
    steps = one.where[3:] if one.where[:2] == ("population", "all") else one.where
    if one.name == "programs" and isinstance(found, dict) and "is" in found:
        return [str(found["is"])]
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    if one.name == "redisclosure" and isinstance(found, dict):
        return "named"
    if one.kind == "texts":
        return [str(each) for each in found] if isinstance(found, list) else []
    if one.kind == "flag":
        return found is True
    if isinstance(found, dict | list) or found is None:
        return ""
    return found if one.kind == "number" else str(found)


def _selector(content: Any, name: str) -> Any:
    population = content.get("population")
    every = population.get("all") if isinstance(population, dict) else None
    return next((each[name] for each in every or () if isinstance(each, dict) and name in each), None)


def _rewritten(text: str, change: Any) -> str:
    """Change the tree of a text that keeps comments and spelling; the outcome must say what the change says.

    Raises:
        CallerError: it does not.
    """
    expected = copy.deepcopy(content_of(text))
    change(expected)
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    tree = yaml.load(text)
    change(tree)
    written = io.StringIO()
    yaml.dump(tree, written)
    if content_of(written.getvalue()) != expected:
        raise CallerError(NOT_KEPT)
    return written.getvalue()


def _write(tree: Any, changes: Mapping[FormMember, Any], values: Values) -> None:
    for one, value in changes.items():
        if one.where[:2] == ("population", "all"):
            _write_selector(tree, one, value)
        elif one.name == "redisclosure":
            _set(tree, one.where, {"named": list(values.get("named", ()))} if value == "named" else value)
        elif one.name != "named" or values.get("redisclosure") == "named":
            _set(tree, one.where, value)


def _write_selector(tree: Any, one: FormMember, value: Any) -> None:
    """Write a selector of the population in its place, or as the last one."""
    name, *steps = one.where[2:]
    population = _map_in(tree, "population")
    every = population.setdefault("all", _sequence_like(tree, []))
    entry = next((each for each in every if name in each), None)
    if entry is None:
        entry = _like(tree, {})
        every.append(entry)
    if not steps:
        entry[name] = _spelt(tree, value)
    elif name == "program":
        entry[name] = _like(tree, {"in": _spelt(tree, value)})
    else:
        inner = _map_in(entry, name)
        _set(inner, tuple(steps), value)
        if name == "consent" and value:
            inner.setdefault("status", "granted")
        if not inner or (name == "consent" and not value):
            entry[name] = ""
    if not entry[name] or (name == "program" and not value):
        every.remove(entry)
    if not every:
        del population["all"]
    if not population:
        del tree["population"]


def _set(tree: Any, where: Where, value: Any) -> None:
    """Set the value at a place; an empty one takes it away, and what is left empty around it."""
    head, *rest = where
    if not rest:
        if value in ("", None) or value == [] or value is False:
            tree.pop(head, None)
        else:
            tree[head] = _spelt(tree, value)
        return
    _set(_map_in(tree, head), tuple(rest), value)
    if not tree[head]:
        del tree[head]


def _map_in(tree: Any, name: str) -> Any:
    """Return the mapping called *name*, made where there is none."""
    if not isinstance(tree.get(name), dict):
        tree[name] = _like(tree, {})
    return tree[name]


def _is_plain(line: object) -> bool:
    return isinstance(line, dict) and line.keys() == {"path", "action"} and isinstance(line["path"], str)


def _write_lines(tree: Any, changes: Mapping[str, str]) -> None:
    lines = tree.get("elements")
    if not isinstance(lines, list):
        lines = tree["elements"] = _sequence_like(tree, [])
    left = {path: action for path, action in changes.items() if action}
    for number in reversed(range(len(lines))):
        if not _is_plain(lines[number]) or lines[number]["path"] not in changes:
            continue
        path = lines[number]["path"]
        if path in left:
            lines[number]["action"] = left.pop(path)
        else:
            del lines[number]
    for path, action in left.items():
        lines.append(_like(tree, {"path": _spelt(tree, path), "action": action}))


def _spelt(tree: Any, value: Any) -> Any:
    """Spell a value as a tree that keeps its spelling has it: every text in quotes, so that it stays a text."""
    if not isinstance(tree, CommentedMap):
        return copy.deepcopy(value)
    if isinstance(value, str):
        return DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return _like(tree, {name: _spelt(tree, each) for name, each in value.items()})
    if isinstance(value, list):
        return _sequence_like(tree, [_spelt(tree, each) for each in value])
    return value


def _like(tree: Any, values: dict[str, Any]) -> Any:
    """Make a mapping of the kind of a *tree*, on one line."""
    if not isinstance(tree, CommentedMap):
        return values
    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def _sequence_like(tree: Any, values: Sequence[Any]) -> Any:
    if not isinstance(tree, CommentedMap):
        return list(values)
    made = CommentedSeq(values)
    made.fa.set_flow_style()
    return made


def part_at(text: str, line: int) -> str:
    """Return the part of the form in which a mistake at a *line* of the text is mended; empty for the text alone."""
    try:
        document = loading.parse(text.encode(), "")
    except (SettingsError, UnicodeError):
        return ""
    tops = sorted((place[0], str(where[0])) for where, place in document.keys.items() if len(where) == 1)
    above = [name for begins, name in tops if begins <= line]
    return PART_OF.get(above[-1], "") if above else ""
