"""A district as a OneRoster 1.2 CSV zip, exactly as the standard asks."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gateway.demo.data.oneroster import schedule
from gateway.demo.data.oneroster.ids import Ids
from gateway.demo.data.oneroster.people import BUS, LANGUAGE, PeopleRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.demo.data.records import FictionalDistrict

Row = dict[str, str]
EXTENSIONS = {"users": (BUS, LANGUAGE), "classes": (schedule.BELL,)}
STAMP = (2026, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


def write_oneroster_12(district: FictionalDistrict, path: Path) -> None:
    """Write *district* to the zip at *path*; the same district gives the same bytes."""
    facts = standard("1.2")
    tables = rows(district)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        add(archive, "manifest.csv", ("propertyName", "value"), manifest(facts, tables, district))
        for name, records in tables.items():
            headers = (*facts["files"][f"{name}.csv"]["headers"], *EXTENSIONS.get(name, ()))
            add(archive, f"{name}.csv", headers, records)


def standard(version: str) -> Mapping[str, Any]:
    """Return the files of one OneRoster version, with their headers."""
    facts: dict[str, Any] = json.loads(files("standards.oneroster").joinpath("csv.json").read_text("utf-8"))
    return facts[version]  # type: ignore[no-any-return]


def rows(district: FictionalDistrict) -> dict[str, Iterable[Row]]:
    """Return the rows of each file that the district's system fills."""
    ids = Ids(district.name, district.school_year)
    people = PeopleRows(district, ids)
    return {
        "orgs": schedule.orgs(district, ids),
        "academicSessions": schedule.sessions(district, ids),
        "courses": schedule.courses(district, ids),
        "classes": schedule.classes(district, ids),
        "users": people.users(),
        "userProfiles": people.accounts(),
        "roles": people.roles(),
        "demographics": people.demographics(),
        "enrollments": people.enrollments(),
        "categories": schedule.categories(district, ids),
        "lineItems": schedule.line_items(district, ids),
        "results": schedule.results(district, ids),
        "resources": schedule.resources(district, ids),
        "courseResources": schedule.course_resources(district, ids),
        "classResources": schedule.class_resources(district, ids),
    }


def manifest(facts: Mapping[str, Any], tables: Mapping[str, object], district: FictionalDistrict) -> Iterator[Row]:
    """Write the manifest: which files are there; all of them are bulk files."""
    fixed = facts["manifest"]["values"]
    for name in facts["manifest"]["required"]:
        kind, _, file = name.partition(".")
        value = fixed[name] if kind != "file" else "bulk" if file in tables else "absent"
        yield {"propertyName": name, "value": value}
    yield {"propertyName": "source.systemName", "value": f"{district.title} SIS"}
    yield {"propertyName": "source.systemCode", "value": district.name}


def add(archive: zipfile.ZipFile, name: str, headers: Iterable[str], records: Iterable[Row]) -> None:
    """Add a CSV file to *archive*; missing values stay blank."""
    names = tuple(headers)
    with archive.open(member(name), "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows([row.get(name, "") for name in names] for row in records)


def member(name: str) -> zipfile.ZipInfo:
    """Return an archive member under a fixed date, so that the same rows give the same bytes."""
    place = zipfile.ZipInfo(name, STAMP)
    place.compress_type = zipfile.ZIP_DEFLATED
    place.external_attr = READABLE
    place.create_system = 3
    return place
