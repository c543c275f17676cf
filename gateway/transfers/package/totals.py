"""Totals of a transcript as its receiver reads them back: credits earned and grade point average, as exact decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.package.files import edfi_path, read
from gateway.transfers.package.members import at, code, items, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

RECORDS, COURSES = "studentAcademicRecords", "courseTranscripts"
YEAR: Final = "schoolYearTypeReference.schoolYear"
KIND: Final = "gradePointAverageTypeDescriptor"
HUNDREDTH: Final = Decimal("0.01")


def check_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the totals of the transcript in *files* (their bytes, by path); those that nothing states are absent.

    Both sides compute them of the same files, so that a wrong reading shows in the acknowledgment.
    """
    records = _documents(files, RECORDS)
    found = {
        "creditsEarned": _earned(_documents(files, COURSES), records),
        "gpa": _average(records),
    }
    return {name: _text(value) for name, value in found.items() if value is not None}


def _documents(files: Mapping[str, bytes], resource: str) -> list[dict[str, Any]]:
    content = files.get(edfi_path(resource))
    return [] if content is None else list(read(content))


def _earned(courses: Sequence[Mapping[str, Any]], records: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """Sum the credits earned in all courses; without any, take what the newest record states."""
    earned = [Decimal(one["earnedCredits"]) for one in courses if one.get("earnedCredits") is not None]
    if earned:
        return sum(earned, Decimal(0))
    return _newest(records, lambda one: one.get("cumulativeEarnedCredits"))


def _average(records: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """Take the cumulative average that the newest record states; an unweighted one where there are several."""

    def stated(record: Mapping[str, Any]) -> Any:
        found = [one for one in items(record, "gradePointAverages") if one.get("isCumulative")]
        found = [one for one in found if one.get("gradePointAverageValue") is not None]
        found.sort(key=lambda one: ("Unweighted" not in code(one, KIND), text(one, KIND)))
        return found[0]["gradePointAverageValue"] if found else None

    return _newest(records, stated)


def _newest(records: Iterable[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], Any]) -> Decimal | None:
    """Return the *value* of the newest record that has one: of one year, that with the most credits so far."""
    stated = [(age(one), Decimal(found)) for one in records if (found := value(one)) is not None]
    return max(stated)[1] if stated else None


def age(record: Mapping[str, Any]) -> tuple[int, Decimal, str]:
    """Return what academic records are ordered by, the oldest first: the year, the credits so far, the term."""
    credits_so_far = Decimal(record.get("cumulativeEarnedCredits") or 0)
    return int(at(record, YEAR) or 0), credits_so_far, text(record, "termDescriptor")


def _text(value: Decimal) -> str:
    """Write a decimal with at least two digits after the point, and as many as it has."""
    exponent = value.normalize().as_tuple().exponent
    exact = value.normalize() if isinstance(exponent, int) and exponent < -2 else value.quantize(HUNDREDTH)  # noqa: PLR2004
    return format(exact, "f")
