"""Natural keys of Ed-Fi writes: for a source that keeps Ed-Fi's own keys, and for one of another standard."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from standards.codes import outward
from standards.edfi.model.model import natural_key, resources
from standards.edfi.resources.gradebook_entries import UNCATEGORIZED
from standards.errors import InvalidBody, MappingError
from standards.fields import fields_of
from standards.lenses.formats import day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.writes.context import WriteContext

    Record = dict[str, Any]

REFUSED = "The body cannot be accepted."
WANTED = "The district's system needs this member."
UNSORTED = "The district's system has no category for entries of this type."


class Dialect(ABC):
    """How a source identifies its records, and which fields of a record it derives from the others."""

    native: ClassVar[bool]
    words: ClassVar[frozenset[str]] = frozenset()
    """The members whose descriptors the source checks by its own catalogue."""

    def keyed(self, context: WriteContext, record: Mapping[str, Any]) -> bool:  # noqa: ARG002  not all records of a source need be
        """Tell whether the source knows a record by Ed-Fi's own key."""
        return self.native

    @abstractmethod
    def identity(self, context: WriteContext, said: Record) -> tuple[str, ...]:
        """Return what the source identifies the record of a body by, whoever wrote the body."""

    @abstractmethod
    def existing(self, context: WriteContext, said: Record, given: Record) -> Record | None:
        """Find the source's present record with the natural key of a body, visible to the consumer or not."""

    def seen(self, context: WriteContext, given: Record) -> Record:  # noqa: ARG002  the other kind needs it
        """Return the document with the natural key of a body as the consumer sees it, if the body tells which."""
        return {}

    @abstractmethod
    def completed(self, context: WriteContext, merged: Record, said: Record, before: Mapping[str, Any]) -> Record:
        """Complete *merged* with its key and with all fields derived from it."""


class Own(Dialect):
    """A source that keeps records under Ed-Fi's own keys."""

    native = True

    def identity(self, context: WriteContext, said: Record) -> tuple[str, ...]:
        """Return the key that the source has for it."""
        key: tuple[str, ...] = _read(context, said)["key"]
        return key

    def existing(self, context: WriteContext, said: Record, given: Record) -> Record | None:  # noqa: ARG002  the other kind needs it
        """Find the record that the source has under this key."""
        return context.adapter.locate(context.entity, _read(context, said)["key"])

    def completed(self, context: WriteContext, merged: Record, said: Record, before: Mapping[str, Any]) -> Record:  # noqa: ARG002  likewise
        """Return what the source will read from the document that *merged* becomes."""
        told = _read(context, merged)
        for pair in context.lens.pairs:
            if pair.writer is None:
                for name in pair.fields:
                    merged.pop(name, None)
                    if name in told:
                        merged[name] = told[name]
        return merged | {"key": told["key"]}


class Across(Dialect):
    """A source that knows its records by ids of its own: an Ed-Fi key is what the consumer is shown."""

    native = False
    words = frozenset({"gradebookEntryTypeDescriptor"})

    def identity(self, context: WriteContext, said: Record) -> tuple[str, ...]:
        """Return the members of its natural key, references by the source's own keys."""
        parts = frozenset(resources()[context.request.view.model].identity)
        names = [
            pair.fields[0] for pair in context.lens.pairs if pair.fields and not parts.isdisjoint(pair.local_paths)
        ]
        return tuple(str(said.get(name)) for name in names)

    def existing(self, context: WriteContext, said: Record, given: Record) -> Record | None:  # noqa: ARG002  the other kind needs it
        """Find the record that is shown under this key: a source of this kind has no other."""
        found = self._row(context, given)
        return None if found is None else context.current(context.own_id(found[0])).record

    def seen(self, context: WriteContext, given: Record) -> Record:
        """Return the document that is shown under this key."""
        found = self._row(context, given)
        return {} if found is None else found[1]

    def _row(self, context: WriteContext, given: Record) -> tuple[int, Record] | None:
        resource, rows, base = resources()[context.request.view.model], list(context.shown.rows), context.request.base
        wanted = _text(natural_key(resource, given))
        for path, part in zip(resource.identity, wanted, strict=True):  # so that few are rendered whole
            values = context.shown.values(rows, path, base) if len(rows) > 1 else ()
            rows = [row for row, value in zip(rows, _text(values), strict=True) if value == part] if values else rows
        shown = zip(rows, context.shown.render(rows, base), strict=True)
        return next((one for one in shown if _text(natural_key(resource, one[1])) == wanted), None)

    def completed(self, context: WriteContext, merged: Record, said: Record, before: Mapping[str, Any]) -> Record:
        """Add what a OneRoster gradebook requires beyond it, from what the consumer may see."""
        wrong: dict[str, list[str]] = {}
        if context.entity == "lineItem":
            self._line_item(context, merged, before, wrong)
        elif context.entity == "result":
            self._result(context, merged, said, before, wrong)
        if wrong:
            raise InvalidBody(REFUSED, wrong)
        return merged | ({"key": before["key"]} if "key" in before else {})

    def _line_item(
        self, context: WriteContext, merged: Record, before: Mapping[str, Any], wrong: dict[str, list[str]]
    ) -> None:
        kind = merged.pop("kind", None)
        for kept in [name for name in merged if name.startswith("kind@")]:
            del merged[kept]
        if kind is not None or not before:
            merged["category"] = _category(context, kind)
            if merged["category"] is None:
                wrong["$.gradebookEntryTypeDescriptor"] = [UNSORTED]
        if _lacks(merged, before, "section"):
            wrong["$.sectionReference"] = [WANTED]
        elif merged.get("section") != before.get("section"):
            _of_section(context, merged)
        for one, other in (("due", "assigned"), ("assigned", "due")):
            if _lacks(merged, before, one) and other in merged:
                merged[one] = merged[other]

    def _result(
        self,
        context: WriteContext,
        merged: Record,
        said: Record,
        before: Mapping[str, Any],
        wrong: dict[str, list[str]],
    ) -> None:
        for name in ("late", "missing"):
            if name in said and context.grant.plain(f"result.{name}"):
                merged[name] = said[name]
        scored = any(name in merged for name in ("score", "grade", "textScore"))
        if _lacks(merged, before, "status") and scored:
            merged["status"] = "fully graded"
        if _lacks(merged, before, "date") and (found := _day_of_work(context, merged)):
            merged["date"] = found
        if _lacks(merged, before, "status"):
            wrong["$.submissionStatusDescriptor"] = [WANTED]
        if _lacks(merged, before, "date"):
            wrong["$.dateFulfilled"] = [WANTED]


class Shared(Own):
    """A source beside which a second one keeps some of the records, by ids of its own."""

    def keyed(self, context: WriteContext, record: Mapping[str, Any]) -> bool:
        """Tell whether a record is the main source's, and refers to nothing that the second one keeps."""
        own, shared = context.lens, context.adapter.manifest.shared
        fields = fields_of(context.entity)
        beside = any(len(value) == 1 for name, value in record.items() if name in fields and fields[name].to in shared)
        return not beside and len(record.get("key", ())) in {0, len(own.prefix) + len(own.key)}

    def identity(self, context: WriteContext, said: Record) -> tuple[str, ...]:
        """Return what the source that keeps the record identifies it by."""
        return super().identity(context, said) if self.keyed(context, said) else ACROSS.identity(context, said)

    def seen(self, context: WriteContext, given: Record) -> Record:
        """Return the document that is shown under this key."""
        return ACROSS.seen(context, given)

    def existing(self, context: WriteContext, said: Record, given: Record) -> Record | None:
        """Find the record that either has under this key."""
        found = super().existing(context, said, given) if self.keyed(context, said) else None
        return ACROSS.existing(context, said, given) if found is None else found

    def completed(self, context: WriteContext, merged: Record, said: Record, before: Mapping[str, Any]) -> Record:
        """Return what the source that keeps the record will read."""
        keeper: Dialect = OWN if self.keyed(context, {**merged, "key": before.get("key", ())}) else ACROSS
        return keeper.completed(context, merged, said, before)


OWN, ACROSS, SHARED = Own(), Across(), Shared()


def dialect(context: WriteContext) -> Dialect:
    """Choose how the district's source identifies the records of an Ed-Fi resource."""
    manifest = context.adapter.manifest
    if context.entity in manifest.shared:
        return SHARED
    return OWN if context.entity in manifest.edfi else ACROSS


def _read(context: WriteContext, record: Record) -> Record:
    try:
        return context.lens.read(context.lens.write(record))
    except MappingError as error:
        raise InvalidBody(error.message) from None


def _text(key: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(part).casefold() for part in key)


def _lacks(merged: Record, before: Mapping[str, Any], name: str) -> bool:
    """Tell whether a record lacks a required field; one stored without it may stay so, and nothing is made up."""
    return name not in merged and (not before or name in before)


def _category(context: WriteContext, kind: str | None) -> tuple[str, ...] | None:
    """Return the one category that the consumer is shown as the type *kind* of an entry."""
    visibility = context.shown.visibility
    table, say = visibility.snapshot.table("gradebookCategory"), outward("gradebookEntryType", "edfi")
    titles = table.columns.get("title", [None] * table.size)
    wanted = say(kind or UNCATEGORIZED)
    rows = [row for row in visibility.rows("gradebookCategory") if titles[row] and say(titles[row]) == wanted]
    return table.key(rows[0]) if rows else None


def _of_section(context: WriteContext, record: Record) -> None:
    """Return the school and the term of the class."""
    snapshot = context.shown.visibility.snapshot
    table = snapshot.table("section")
    row = table.rows.get(record["section"], -1)
    school = table.refs["school"][row] if row >= 0 and "school" in table.refs else -1
    if school >= 0:
        record["school"] = snapshot.table("organization").key(school)


def _day_of_work(context: WriteContext, record: Record) -> str | None:
    """Return the day on which the work was due, or else assigned, as far as the consumer is shown it."""
    visibility = context.shown.visibility
    table = visibility.snapshot.table("lineItem")
    row = table.rows.get(record.get("lineItem", ()), -1)
    for name in ("due", "assigned"):
        column = table.columns.get(name)
        if row >= 0 and column is not None and column[row] and context.grant.plain(f"lineItem.{name}"):
            return str(day(column[row]))
    return None
