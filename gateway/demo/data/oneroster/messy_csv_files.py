"""A messy OneRoster 1.1 CSV export: older names, booleans in capitals, columns in any order."""

from __future__ import annotations

import codecs
import csv
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from gateway.demo.data.oneroster.csv_files import member, rows, standard
from gateway.demo.data.oneroster.people import BUS, LANGUAGE
from gateway.demo.data.oneroster.schedule import BELL
from gateway.demo.data.schools.terms import first_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from gateway.demo.data.records import FictionalDistrict

Row = dict[str, str]
SENT = (
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "demographics",
    "enrollments",
    "categories",
    "lineItems",
    "results",
)
# Names of OneRoster 1.0 that senders still use: file, the 1.1 name, the older one.
OLD_NAMES = {
    "users": {"grades": "grade", "agentSourcedIds": "agents"},
    "classes": {"grades": "grade"},
    "demographics": {"sourcedId": "userSourcedId", "birthDate": "birthdate"},
}
LEFT_OFF = {"users": ("password",), "demographics": ("publicSchoolResidenceStatus",)}
IN_THE_MIDDLE = {"users": ((BUS, "username"), (LANGUAGE, "middleName")), "classes": ((BELL, "grades"),)}
MARKED = frozenset({"orgs", "users", "demographics"})
UNIX_LINES = frozenset({"enrollments", "results"})
ROLES = {
    "student": "student",
    "teacher": "teacher",
    "aide": "aide",
    "parent": "parent",
    "guardian": "guardian",
    "relative": "relative",
}
SEXES = frozenset({"male", "female"})
SHOUTED = {"true": "TRUE", "false": "FALSE"}


def write_messy_oneroster_11(district: FictionalDistrict, path: Path) -> None:
    """Write *district* to *path*: a zip when it is called one, otherwise a folder."""
    if path.suffix == ".zip":
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            _write(district, lambda name: archive.open(member(name), "w"))
    else:
        path.mkdir(parents=True, exist_ok=True)
        _write(district, lambda name: (path / name).open("wb"))


def _write(district: FictionalDistrict, opener: Callable[[str], IO[bytes]]) -> None:
    with _file(opener, "manifest") as sheet:
        sheet.write(("propertyName", "value"), _manifest())
    stamp = f"{first_day(district.school_year).isoformat()}T08:00:00.000Z"
    for name, records in _tables(district).items():
        with _file(opener, name) as sheet:
            sheet.write(_headers(name), (_filled(name, row, stamp) for row in records))


class MessySheet:
    """A CSV file being written."""

    def __init__(self, text: io.TextIOWrapper, end: str) -> None:
        self._writer = csv.writer(text, lineterminator=end)

    def write(self, headers: tuple[str, ...], records: Iterable[Row]) -> None:
        """Write the header line and every row; missing values stay blank."""
        self._writer.writerow(headers)
        self._writer.writerows([row.get(header, "") for header in headers] for row in records)


@contextmanager
def _file(opener: Callable[[str], IO[bytes]], name: str) -> Iterator[MessySheet]:
    with opener(f"{name}.csv") as raw:
        if name in MARKED:
            raw.write(codecs.BOM_UTF8)
        with io.TextIOWrapper(raw, "utf-8", newline="") as text:
            yield MessySheet(text, "\n" if name in UNIX_LINES else "\r\n")


def _manifest() -> Iterator[Row]:
    facts = standard("1.1")["manifest"]
    for name in facts["required"]:
        kind, _, file = name.partition(".")
        value = facts["values"][name] if kind != "file" else "bulk" if file in SENT else ""
        yield {"propertyName": name, "value": value}


def _headers(name: str) -> tuple[str, ...]:
    headers: list[str] = list(standard("1.1")["files"][f"{name}.csv"]["headers"])
    for extension, before in IN_THE_MIDDLE.get(name, ()):
        headers.insert(headers.index(before), extension)
    old = OLD_NAMES.get(name, {})
    return tuple(old.get(header, header) for header in headers if header not in LEFT_OFF.get(name, ()))


def _filled(name: str, row: Row, stamp: str) -> Row:
    old = OLD_NAMES.get(name, {})
    named = {old.get(key, key): SHOUTED.get(value, value) for key, value in row.items()}
    return named | {"status": "active", "dateLastModified": stamp}


def _tables(district: FictionalDistrict) -> dict[str, Iterable[Row]]:
    tables = rows(district)
    return {name: tables[name] for name in SENT} | {
        "users": _users(tables["users"], tables["roles"]),
        "demographics": (row | {"sex": row["sex"] * (row["sex"] in SEXES)} for row in tables["demographics"]),
        "lineItems": (row | {"gradingPeriodSourcedId": row["academicSessionSourcedId"]} for row in tables["lineItems"]),
        "results": (row | {"score": row["score"] or "0"} for row in tables["results"]),
    }


def _users(users: Iterable[Row], roles: Iterable[Row]) -> Iterator[Row]:
    """Return users with the one role and the list of organizations that version 1.1 has."""
    found: dict[str, list[Row]] = {}
    for role in roles:
        found.setdefault(role["userSourcedId"], []).append(role)
    for user in users:
        mine = found[user["sourcedId"]]
        here = [role for role in mine if not role["endDate"]] or mine
        yield user | {
            "role": ROLES.get(mine[0]["role"], "administrator"),
            "orgSourcedIds": ",".join(role["orgSourcedId"] for role in here),
        }
