"""Data subjects: the students that a row is about, as keyed tags that do not reveal who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.engine.rows import Rows
    from gateway.engine.visibility import Visibility


class Tags(Protocol):
    """A source of the keyed tags of students."""

    def tags(self, visibility: Visibility) -> Callable[[int], bytes]:
        """Return a function from a student's row to its keyed tag."""
        ...


def students(shown: Rows, gateway: Tags) -> Any:
    """Return a function from a row of a branch to the tags of the students that it is about."""
    if shown.subjects is not None:
        return shown.subjects.__getitem__
    visibility, entity = shown.visibility, shown.branch.entity
    tag = gateway.tags(visibility)
    if entity == "student":
        return lambda row: (tag(row),)
    for name, field in fields_of(entity).items():
        refs = visibility.judged.table(entity).refs.get(name)  # also where the consumer is not shown it
        if field.to == "student" and refs is not None:
            return lambda row, refs=refs: (tag(refs[row]),) if refs[row] >= 0 else ()
    if entity == "contact":
        return _wards(visibility, tag)
    return lambda _row: ()


def _wards(visibility: Visibility, tag: Any) -> Any:
    children = visibility.judged.children("guardianship", "contact", "contact")
    refs = visibility.judged.table("guardianship").refs.get("student", ())
    seen = frozenset(visibility.rows("guardianship"))
    return lambda row: tuple(tag(refs[kid]) for kid in children[row] if kid in seen and refs[kid] >= 0)
