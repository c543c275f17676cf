"""Checks beyond the schema: names that exist, actions that fit, and no term that nothing enforces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from policies import elements
from policies.documents import loading, schema, terms
from policies.elements import Line
from policies.population import Population
from policies.records.windows import DATED_BY
from policies.transfers import checks as transfers
from policies.transfers.terms import is_transfer
from standards import codes, native
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policies.documents.loading import Document, Where
    from policies.elements import Element, Settled

Bundles = tuple[tuple[str, bytes | None], ...]
"""What a folder of bundles holds: of each its name, and its bytes where it can be read."""

MAX_AGE_YEARS = 150
STAFF = "staffAssignment: students are those of the person who asks; a client is no person, and gets no student"


def lines(document: Document, bundles: Path) -> tuple[tuple[Line, ...], list[SettingsError]]:
    """Return the element lines of an agreement with its bundles unfolded, or what is wrong with them."""
    found: list[Line] = []
    problems: list[SettingsError] = []
    for number, entry in enumerate(document.content["elements"]):
        where: Where = ("elements", number)
        if "set" in entry:
            problems += _bundle(document, entry, where, bundles, found)
        else:
            problems += _line(document, entry, where, found)
    problems += _together(found)
    problems += transfers.line_problems(document, found)
    return tuple(found), problems


def bundles(folder: Path) -> Bundles:
    """Return the name and the bytes of every bundle in a folder: all that `lines` reads beside the document."""
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    return tuple((file.stem, _bytes(file)) for file in files if file.is_file())


def _bytes(file: Path) -> bytes | None:
    try:
        return loading.content(file, str(file))
    except SettingsError:
        return None


def _bundle(
    document: Document, entry: Mapping[str, Any], where: Where, bundles: Path, found: list[Line]
) -> list[SettingsError]:
    if len(entry) > 1:
        return [document.error(where, "a line names either a set or a path with its action")]
    name = entry["set"]
    path = bundles / f"{name}.yaml"
    if not path.is_file():
        known = [file.stem for file in bundles.glob("*.yaml")] if bundles.is_dir() else []
        return [document.error((*where, "set"), f"there is no set {name!r}{suggestion(name, known)}")]
    try:
        bundle = loading.read(path)
    except SettingsError as error:
        return [error]
    problems = list(schema.problems(bundle, "bundle"))
    if problems:
        return problems
    if bundle.content["id"] != name:
        return [bundle.error(("id",), f"the set in this file must be called {name!r}")]
    own: list[Line] = []
    for number, inner in enumerate(bundle.content["elements"]):
        if "set" in inner:
            problems.append(bundle.error(("elements", number, "set"), "a set cannot hold another set"))
        else:
            problems += _line(bundle, inner, ("elements", number), own)
    found += (replace(line, bundle=name) for line in own)
    return problems


def _line(document: Document, entry: Mapping[str, Any], where: Where, found: list[Line]) -> Iterator[SettingsError]:
    missing = next((name for name in ("path", "action") if name not in entry), "")
    if missing:
        yield document.error(where, f"{missing} is missing in this line")
        return
    path, action = entry["path"], entry["action"]
    place = document.values[*where, "path"]
    window = entry.get("window")
    between = (window.get("since"), window.get("until")) if window else None
    line = Line(path, action, document.file, *place, window=between)
    about = elements.under(line)
    yield from _window(document, window, action, (*where, "window"), about)
    if not about:
        yield document.error((*where, "path"), f"no element is called {path!r}{elements.guess(path)}")
    elif action != "deny" and all(one.never for one in about):
        yield document.error((*where, "path"), f"{path} is never released, under no agreement")
    else:
        unfit = (elements.misfit(action, one) for one in about if not (one.never or (one.container and len(about) > 1)))
        if reason := next(filter(None, unfit), ""):
            yield document.error((*where, "action"), reason)
    found.append(line)


def _window(
    document: Document, window: Mapping[str, str] | None, action: str, where: Where, about: tuple[Element, ...]
) -> Iterator[SettingsError]:
    """Yield what is wrong with the window of a line."""
    if window is None:
        return
    if action == "deny":
        yield document.error(where, "a deny holds for all days: write the window on the lines that allow", at_key=True)
    for name, day in window.items():
        if not _is_day(day):
            yield document.error((*where, name), f"{name} is not a day of the calendar")
    if window.get("since", "") > window.get("until", "9999-12-31"):
        yield document.error((*where, "until"), "the window ends before it begins")
    shown = (field.entity for one in about if not one.never for field in one.fields)
    if without := next((entity for entity in shown if entity not in DATED_BY), ""):
        message = f"records of {without} have no date of their own, so that no window can hold for them"
        yield document.error(where, message, at_key=True)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _together(found: list[Line]) -> Iterator[SettingsError]:
    """Yield the mistakes that only two lines together make."""
    first: dict[str, Line] = {}
    for line in found:
        other = first.setdefault(line.stem, line)
        if other is not line:
            yield _at(line, f"the path {line.path} is also in line {other.line}{_of(other, line)}")
    told: set[Line] = set()
    for name, settled in elements.settle(first.values()).items():
        pair = elements.conflict(settled.lines)
        if pair and pair[1] not in told:
            one, other = pair
            told.add(other)
            message = f"{other.action} and {one.action} (line {one.line}{_of(one, other)}) cannot both apply to {name}"
            yield _at(other, message)


def _at(line: Line, message: str) -> SettingsError:
    return SettingsError(message, line.file, line.line, line.column)


def _of(line: Line, other: Line) -> str:
    return "" if line.file == other.file else f" of {line.file}"


def problems(document: Document) -> Iterator[SettingsError]:
    """Yield what is wrong with an agreement besides its element lines."""
    yield from _validity(document)
    yield from _population(document)
    yield from terms.problems(document)
    yield from transfers.problems(document)
    for number, client in enumerate(document.content["clients"]):
        if client in document.content["clients"][:number]:
            yield document.error(("clients", number), f"the client {client!r} is here twice")


def _validity(document: Document) -> Iterator[SettingsError]:
    validity = document.content["validity"]
    days: list[date] = []
    for name in ("from", "to"):
        if _is_day(validity[name]):
            days.append(date.fromisoformat(validity[name]))
        else:
            yield document.error(("validity", name), f"{name} is not a day of the calendar")
    if len(days) == 2 and days[0] > days[1]:  # noqa: PLR2004  both could be read
        yield document.error(("validity", "to"), "the agreement ends before it begins")
    name = validity["timezone"]
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(name, sorted(available_timezones()))
        yield document.error(("validity", "timezone"), f"there is no time zone {name!r}{hint}")


def _population(document: Document) -> Iterator[SettingsError]:
    selectors = document.content.get("population", {}).get("all", [])
    seen: set[str] = set()
    for number, selector in enumerate(selectors):
        (name,) = selector
        where: Where = ("population", "all", number, name)
        if name in seen:
            yield document.error(where, f"the selector {name} is here twice", at_key=True)
        seen.add(name)
        if name == "grade":
            yield from _grades(document, selector[name]["in"], where)
        if name == "age" and selector[name].get("from", 0) > selector[name].get("to", MAX_AGE_YEARS):
            yield document.error((*where, "to"), "the ages end before they begin")


def _grades(document: Document, grades: list[str], where: Where) -> Iterator[SettingsError]:
    known = codes.table("gradeLevel").values
    for at, grade in enumerate(grades):
        if grade not in known and not grade.startswith("uri://"):
            hint = suggestion(grade.zfill(2) if grade.isdigit() else grade, known)
            yield document.error((*where, "in", at), f"there is no grade {grade!r}{hint}")


def population(content: Mapping[str, Any]) -> Population:
    """Return the population of an agreement that has passed every check."""
    selectors: dict[str, Any] = {}
    for selector in content.get("population", {}).get("all", []):
        selectors.update(selector)
    chosen = {name: _chosen(selectors[name]) for name in ("school", "grade", "program") if name in selectors}
    ages = selectors.get("age")
    return Population(
        chosen.get("school"),
        chosen.get("grade"),
        "enrollment" in selectors,
        chosen.get("program"),
        None if ages is None else (ages.get("from"), ages.get("to")),
        selectors.get("consent", {}).get("form", ""),
        "staffAssignment" in content.get("population", {}),
    )


def _chosen(selector: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([selector["is"]] if "is" in selector else selector["in"]))


def warnings(document: Document, written: tuple[Line, ...], people: Population) -> Iterator[str]:
    """Yield warnings about what is allowed and still deserves a second look, each with its place."""
    for line in written:
        if line.action == "allow" and not line.stem:
            yield f"{line.place}: * releases everything, also what later versions will know"
        if other := native.instead(line.stem):
            yield f"{line.place}: {line.path} is about what has no other name; the rest is {other}"
    if people.assigned:
        yield f"{document.file}: {STAFF}"
    if people.everyone and not is_transfer(document.content["operations"]):
        yield f"{document.file}: there is no population: everyone in the district is included"
    settled = elements.settle(written)
    yield from terms.warnings(document)
    yield from transfers.warnings(document)
    yield from _capped(written, settled)
    yield from _unread(document)
    yield from _joinable(document, {name: one.action for name, one in settled.items()})


def _capped(written: tuple[Line, ...], settled: Mapping[str, Settled]) -> Iterator[str]:
    """Yield warnings for lines that release less of a text than they say, because it may carry a masked person's id."""
    for line in written:
        now, one = settled.get(line.path), elements.element(line.path)
        if now and one and now.cap and line.action == "allow" and any(field.capped for field in one.fields):
            what = "does not leave" if now.action == "deny" else f"leaves as a {now.action}"
            yield f"{line.place}: {line.path} {what}, since {now.cap}"


def _unread(document: Document) -> Iterator[str]:
    operations = frozenset(document.content["operations"])
    if operations & {"create", "update", "delete"} and "read" not in operations:
        yield (
            f"{document.file}: without the operation read a client can only create or replace (create and update "
            "together), and is refused what would tell it whether a record is there: delete, conditions, Ed-Fi's PUT"
        )


def _joinable(document: Document, actions: Mapping[str, str]) -> Iterator[str]:
    if actions.get("student.id") != "pseudonym":
        return
    place = document.file
    telling = sorted(name for name, action in actions.items() if action == "allow" and _identifies(name))
    if telling:
        yield f"{place}: the pseudonym of student.id hides little beside {', '.join(telling)}, released as they are"


def _identifies(name: str) -> bool:
    one = elements.element(name)
    if one is None or one.container or one.types & {"id", "ref"} or not name.startswith("student."):
        return False
    return any(field.sensitivity == "identifier" for field in one.fields)
