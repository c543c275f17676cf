"""Records of one child in a district's own files, for the demonstration to compare with what is released."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING
from zipfile import ZipFile

from gateway.demo.data.oneroster.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.demo.data.records import Student
    from gateway.demo.scenario.region import DemoDistrict


def own_id(site: DemoDistrict, student: Student) -> str:
    """Return the source's own id of *student*."""
    return Ids(site.district.name, site.district.school_year).student(student.id)


def own_words(site: DemoDistrict, student: Student) -> Mapping[str, str]:
    """Return the line about *student* in the district's file of users, with the line in its file of demographics."""
    identifier, found = own_id(site, student), dict[str, str]()
    assert site.source is not None
    with ZipFile(site.source) as files:
        for name in ("users.csv", "demographics.csv"):
            with files.open(name) as lines:
                rows = csv.DictReader(io.TextIOWrapper(lines, "utf-8-sig", newline=""))
                found |= next(row for row in rows if row["sourcedId"] == identifier)
    return found
