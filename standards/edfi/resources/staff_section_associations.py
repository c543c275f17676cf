"""Staff section associations: a staff member's part in a section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import LOCAL, inward, outward, table
from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS
from standards.lenses.lens import coded, read_only, same, split
from standards.view import Once, value

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTION = [f"sectionReference.{member}" for member in TARGETS["Section"].members]


def _of_record(document: Mapping[str, Any]) -> bool | None:
    """Tell whether the position is that of the teacher of record; None for a position of the source's own."""
    value = inward("classroomPosition", "edfi")(str(document.get("classroomPositionDescriptor")))
    known = {row["value"]: row["primary"] == "true" for row in table("classroomPosition").rows}
    return known.get(value)


def _record_teacher(primary: bool) -> str | None:
    """Return the position in a section for a source that states only whether the teacher is the primary one."""
    return outward("classroomPosition", "edfi")("Teacher of Record") if primary else None


def _of_role(role: str) -> str:
    """Return the position by the role alone, in the source's own word: no position of the standard is as general."""
    return f"{LOCAL}ClassroomPositionDescriptor#{role}"


TEACHING = mapped("staffSectionAssociations", "teaching", (
    "beginDate", *_SECTION, "staffReference.staffUniqueId",
), (
    split(("staffReference.staffUniqueId",), "staff"),
    split(_SECTION, "section", ("text", "integer", "integer", "text", "text")),
    coded("classroomPositionDescriptor", "position", "classroomPosition"),
    read_only((), "primary", _of_record),
    same("beginDate", "begin", "date"),
    same("endDate", "end", "date"),
), nodes=(value("beginDate", "begin", "derivedBegin", type="date"),), otherwise=(
    value("classroomPositionDescriptor", "primary", form=_record_teacher),
    value("classroomPositionDescriptor", "role", form=_of_role),
), once=Once(("staff", "section"), ("beginDate",), "endDate"))  # fmt: skip
LENS, VIEW = TEACHING.lens, TEACHING.view
