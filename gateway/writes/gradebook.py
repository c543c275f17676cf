"""Gradebook rules of writes: fields derived from the rest of a line item, and records in use, which are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from standards import registry
from standards.errors import DependentItemExists
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from gateway.writes.context import WriteContext

    Record = dict[str, Any]
    Wrong = dict[str, list[str]]

NO_CATEGORY: Final = "is missing, and the district declares no category for work that names none"
NO_PERIOD: Final = "is missing, and no grading period of the class has the day on which the work is due"
OTHER_SCHOOL: Final = "is not the school of the class"
NEEDS_PERIOD: Final = "oneroster11"
PERIOD: Final = "gradingPeriod"


def check_unused(context: WriteContext, own: str) -> None:
    """Refuse to delete a record that other visible records refer to; what belongs to it is deleted with it.

    Whether records that the consumer does not see refer to it is for the district's source to judge.

    Raises:
        DependentItemExists: others do.
    """
    gateway, grant, entity = context.gateway, context.grant, context.entity
    for view in registry.views(context.request.view.api).values():
        names = {branch.entity: _leading(branch.entity, entity) for branch in view.branches}
        pruned = gateway.views.pruned(grant, view) if any(names.values()) else None
        if pruned is None or not gateway.districts[grant.district].has(pruned):
            continue
        for shown in gateway.views.shown(grant, pruned, frozenset({entity})):
            snapshot, branch = shown.visibility.snapshot, shown.branch.entity
            row = snapshot.table(entity).row_of(own)
            if row is None:
                continue
            children = (snapshot.children(branch, name, entity)[row] for name in names[branch])
            if not all(map(shown.members.isdisjoint, children)):
                raise DependentItemExists("Other records refer to this one.")


def _leading(entity: str, target: str) -> tuple[str, ...]:
    """Return the references by which records of *entity* refer to one of *target* that they do not belong to."""
    found = ((name, one) for name, one in fields_of(entity).items() if one.to == target and not one.owner)
    return tuple(name for name, one in found if one.type == "ref" and not one.many and "." not in name)


def complete(context: WriteContext, record: Record, before: Mapping[str, Any], path: str, wrong: Wrong) -> None:
    """Add to a written *record* the fields derived from it, and note in *wrong* those that disagree.

    The school of a class is that of its work. Without a category the record keeps the one it had *before*, or
    else gets the district's default; without a grading period it gets the one that the work is due in.
    """
    if context.entity != "lineItem":
        return
    moved = record.get("section") != before.get("section")
    derive = moved or "school" in before  # otherwise a field that its source leaves out stays so
    _agree(context, record, f"{path}.school", wrong, derive=derive)
    place = f"{path}.category"
    if "category" not in record and place not in wrong and "category" in context.members:
        category = before.get("category") or _declared(context)
        if category is None:
            wrong[place] = [NO_CATEGORY]
        else:
            record["category"] = category
    place = f"{path}.gradingPeriod"
    needed = context.request.view.api == NEEDS_PERIOD and "gradingPeriod" in context.members
    if needed and "gradingPeriod" not in record and "session" not in record and place not in wrong:
        period = _period(context, record) or before.get("gradingPeriod")
        if period is None:
            wrong[place] = [NO_PERIOD]
        else:
            record["gradingPeriod"] = period


def _agree(context: WriteContext, record: Record, place: str, wrong: Wrong, *, derive: bool) -> None:
    """Take the school of a line item's class; another school is *wrong*, where the consumer sees the right one."""
    visibility = context.shown.visibility
    sections = visibility.snapshot.table("section")
    row = sections.rows.get(record.get("section", ()), -1)
    school = sections.refs["school"][row] if row >= 0 and "school" in sections.refs else -1
    if school < 0:
        return
    key, visible = visibility.snapshot.table("organization").key(school), visibility.visible("organization")
    if "school" not in record:
        if derive:
            record["school"] = key
    elif record["school"] != key and context.grant.releases("section.school") and (visible is None or visible[school]):
        wrong[place] = [OTHER_SCHOOL]


def _declared(context: WriteContext) -> Any:
    """Return the key of the district's default category for work without one, if the consumer sees it."""
    own = context.gateway.districts[context.grant.district].default_category
    visibility, entity = context.shown.visibility, fields_of("lineItem")["category"].to
    row = visibility.snapshot.table(entity).row_of(own) if own else None
    visible = visibility.visible(entity)
    return visibility.snapshot.table(entity).key(row) if row is not None and (visible is None or visible[row]) else None


def _period(context: WriteContext, record: Mapping[str, Any]) -> Any:
    """Return the key of the class's grading period in which work is due, as far as the consumer could find it."""
    visibility = context.shown.visibility
    told = ("session.kind", "session.begin", "session.end", "session.parent", "section.terms")
    section = visibility.snapshot.table("section").rows.get(record.get("section", ()), -1)
    if section < 0 or "due" not in record or not all(map(context.grant.plain, told)):
        return None
    day = _day(record["due"], context.gateway.views.zones.get(context.grant.district, UTC))
    sessions = visibility.snapshot.table("session")
    begins, ends = (sessions.columns.get(name) for name in ("begin", "end"))
    if not (begins and ends):
        return None
    periods = [row for row in _of_class(context, section) if begins[row] and ends[row]]
    found = [row for row in periods if begins[row] <= day <= ends[row]]
    if not found:
        return None
    # An end may be the first day after a period: of two that meet, work belongs to the one that begins.
    return sessions.key(max(found, key=lambda row: (begins[row], visibility.ids("session")[row])))


def _of_class(context: WriteContext, section: int) -> list[int]:
    """Return the visible grading periods of the class's terms; where these have none, those of its school's year."""
    snapshot, seen = context.shown.visibility.snapshot, frozenset(context.shown.visibility.rows("session"))
    sessions, sections = snapshot.table("session"), snapshot.table("section")
    parents, schools = sessions.refs.get("parent", ()), sessions.refs.get("school", ())
    kinds, linked = (sessions.columns.get(name) or [None] * sessions.size for name in ("kind", "gradingPeriods"))
    school = sections.refs["school"][section] if "school" in sections.refs else -1
    periods = [
        row for row in sorted(seen) if kinds[row] == PERIOD and (schools[row] if schools else -1) in {-1, school}
    ]
    terms = {row for row in (sections.columns.get("terms") or {section: None})[section] or () if row in seen}
    years = {row for term in terms for row in _above(term, parents, seen)}
    for longer in (terms, years):
        inside = {row for one in longer for row in linked[one] or ()}
        if found := [
            row for row in periods if row in longer | inside or longer.intersection(_above(row, parents, seen))
        ]:
            return found
    return []


def _above(row: int, parents: Any, seen: frozenset[int]) -> Iterator[int]:
    """Return the longer sessions that a session is a part of, as far as they are *seen*."""
    met = {row}
    while parents and (row := parents[row]) in seen and row not in met:
        met.add(row)
        yield row


def _day(moment: str, zone: tzinfo) -> str:
    """Return the day of a date, or of a moment in the district's time zone."""
    if len(moment) == len(date.min.isoformat()):
        return moment
    return datetime.fromisoformat(moment).astimezone(zone).date().isoformat()
