"""A client that copies a district by change versions, as Ed-Fi clients do."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from standards.edfi.api.change_feeds import key_values
from tests.support.regions import EDFI, Site, small_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.support.regions import Consumer

VERSIONS = "/changeQueries/v1/availableChangeVersions"
RESOURCES = (
    "localEducationAgencies", "schools", "sessions", "courses", "courseOfferings", "sections", "students", "staffs",
    "contacts", "studentSchoolAssociations", "studentEducationOrganizationAssociations", "studentContactAssociations",
    "studentSectionAssociations", "staffSectionAssociations", "staffEducationOrganizationAssignmentAssociations",
)  # fmt: skip
FOLLOWING = "[read, search, changes]"
PAGE = 100

Row = dict[str, str]


class Files:
    """A district as OneRoster files in a folder, of which tests change rows."""

    def __init__(self, folder: Path) -> None:
        small_sites(folder / "data", 30)
        self.folder = folder / "files"
        with ZipFile(folder / "data" / "maple.zip") as files:
            files.extractall(self.folder)

    @property
    def site(self) -> Site:
        """The site that reads these files."""
        return Site("oneroster_csv", {"source": str(self.folder)})

    def rows(self, name: str) -> list[Row]:
        """Read the rows of a file."""
        return list(csv.DictReader(io.StringIO((self.folder / name).read_text("utf-8"))))

    def edit(self, name: str, change: Callable[[list[Row]], Iterable[Row]]) -> None:
        """Write a file again, its rows changed by *change*."""
        rows = self.rows(name)
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(change(rows))
        (self.folder / name).write_text(out.getvalue(), "utf-8", newline="")

    def drop(self, name: str, test: Callable[[Row], bool]) -> int:
        """Delete the rows of a file that *test* finds; return their number."""
        before = self.rows(name)
        self.edit(name, lambda rows: [row for row in rows if not test(row)])
        return len(before) - len(self.rows(name))

    def put(self, name: str, test: Callable[[Row], bool], **values: str) -> int:
        """Update the rows of a file that *test* finds; return their number."""
        found = [row for row in self.rows(name) if test(row)]
        self.edit(name, lambda rows: [row | values if test(row) else row for row in rows])
        return len(found)

    def add(self, name: str, like: Row, **values: str) -> None:
        """Add a row that is *like* another."""
        self.edit(name, lambda rows: [*rows, like | values])


class Follower:
    """A copy of what a consumer may see, kept by change versions and by nothing else."""

    def __init__(self, consumer: Consumer, resources: Iterable[str] = RESOURCES, root: str = "") -> None:
        self.consumer, self.resources, self.root = consumer, tuple(resources), root
        self.copies: dict[str, dict[str, Any]] = {name: {} for name in self.resources}
        self.version: int | None = None
        self.told: dict[str, tuple[int, int, int]] = {}

    def sync(self) -> None:
        """Bring the copy up to date: key changes first, then changed records, then deletes."""
        newest = self.versions()["newestChangeVersion"]
        window = {"maxChangeVersion": newest}
        if self.version is not None:
            window["minChangeVersion"] = self.version + 1
        rekeyed = {name: self.pages(f"{name}/keyChanges", window) for name in self.resources}
        for name, entries in rekeyed.items():
            for entry in entries:
                assert key_values(name, self.copies[name][entry["id"]]) == entry["oldKeyValues"]
        changed = {name: self.pages(name, window) for name in self.resources}
        for name, records in changed.items():
            self.copies[name] |= {one["id"]: one for one in records}
        for name, entries in rekeyed.items():
            for entry in entries:
                assert key_values(name, self.copies[name][entry["id"]]) == entry["newKeyValues"]
        gone = {name: self.pages(f"{name}/deletes", window) for name in self.resources[::-1]} if self.version else {}
        for name, entries in gone.items():
            for entry in entries:
                left = self.copies[name].pop(entry["id"], None)
                assert left is None or key_values(name, left) == entry["keyValues"]
        self.version = newest
        self.told = {name: (len(rekeyed[name]), len(changed[name]), len(gone.get(name, ()))) for name in self.resources}

    def versions(self) -> dict[str, int]:
        """Return the available change versions."""
        answer = self.consumer.ask(self.root + VERSIONS)
        assert answer.status_code == 200, answer.text
        return answer.json

    def pages(self, rest: str, window: dict[str, int]) -> list[dict[str, Any]]:
        """Return every record or entry in a window, checking the total count."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.consumer.ask(
                self.root + EDFI + rest, limit=PAGE, offset=len(found), totalCount="true", **window
            )
            assert answer.status_code == 200, answer.text
            found += answer.json
            if len(answer.json) < PAGE:
                assert answer.headers["Total-Count"] == str(len(found))
                return found

    def source(self) -> dict[str, dict[str, Any]]:
        """Read all that the consumer may see."""
        district = self.root.strip("/")
        return {
            name: {one["id"]: untimed(one) for one in self.consumer.resources(name, district=district)}
            for name in self.resources
        }

    def copy(self) -> dict[str, dict[str, Any]]:
        """Return the copy, without the times of change."""
        return {
            name: {one: untimed(record) for one, record in records.items()} for name, records in self.copies.items()
        }


def untimed(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without its time of change, which is no fact of the record."""
    return {name: value for name, value in record.items() if name != "_lastModifiedDate"}
