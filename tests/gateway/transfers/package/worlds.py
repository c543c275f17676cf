"""Packages for tests: plans, a record in memory, a region's record under the seam that makes the grant."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from lxml import etree

from benchmarks.transfer_package import HEADER, STUDENT, descriptor, history
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.plan import INCLUDE, WITHHOLD, PackagePlan
from gateway.transfers.package.sections import on_track
from standards.edfi.model.model import by_collection, validate

if TYPE_CHECKING:
    from gateway.transfers.package.assembly import TransferPackage
    from gateway.transfers.package.contents.record import RecordContents, WantedContents
    from tests.support.regions import Region

__all__ = ["HEADER", "STUDENT", "descriptor", "history"]  # which tests take from here


SECRET = "a secret of the tests"


def connected(system, place):
    """The settings by which a district connects a simulated ODS, whose secret is in the folder *place*."""
    (place / "secret").write_text(SECRET)
    return {
        "url": system.url, "client_id": "crossing", "client_secret": f"file:{place / 'secret'}", "allow_private": "true",
    }  # fmt: skip


def plan(track="full", withheld=(), told=()):
    """A plan that a person has approved whole, but for the sections *withheld*."""
    names = [one.name for one in on_track(track)]
    decisions = {name: WITHHOLD if name in withheld else INCLUDE for name in names}
    return PackagePlan(track, decisions, frozenset(names), frozenset(told))


def only(*included, track="full"):
    """A plan that includes the named sections alone."""
    return plan(track, [one.name for one in on_track(track) if one.name not in included])


@dataclass(frozen=True)
class MemoryRecord:
    """A record in memory; like a district's, it shows no more than is asked for."""

    contents: RecordContents

    def read(self, wanted: WantedContents) -> RecordContents:
        every = (*wanted.own, *wanted.referred)
        found = {name: some for name, some in self.contents.documents.items() if name in every}
        return type(self.contents)(self.contents.unique, found, self.contents.lacking)


def grant_of(region: Region, district: str, client: str = "conformance"):
    """The grant of a transfer: the one place that changes once agreements have the operation for it."""
    return next(one for one in region.gateway.grants.of(client) if one.district == district)


def record_of(region: Region, district: str, student: str, client: str = "conformance") -> GatewayRecord:
    """The record of the student with the source's id *student*, as the gateway reads it."""
    return GatewayRecord(region.gateway, grant_of(region, district, client), student)


def students(region: Region, district: str):
    """The source's ids and the unique ids of all students of a district."""
    table = region.gateway.districts[district].cached_snapshot().table("student")
    return list(zip(table.ids, table.unique or table.ids, strict=True))


def files(package: TransferPackage) -> dict[str, bytes]:
    return {one.path: one.content for one in package.files}


def documents(package: TransferPackage, resource: str) -> list[dict]:
    return orjson.loads(files(package).get(f"ed-fi/{resource}.json", b"[]"))


def section(package: TransferPackage, name: str) -> dict:
    return next(one for one in package.manifest["sections"] if one["name"] == name)


def entries(manifest) -> list[dict]:
    """All that a manifest says of files."""
    return [*(one for found in manifest["sections"] for one in found["files"]), *manifest["files"]]


def parse(package: TransferPackage) -> None:
    """Parse every file, check every Ed-Fi document, every hash and every count."""
    found = files(package)
    assert orjson.loads(found.pop("manifest.json")) == package.manifest
    listed = {one["path"]: one for one in entries(package.manifest)}
    assert len(listed) == len(entries(package.manifest))
    assert listed.keys() == found.keys() == package.sealed.keys()
    assert {path for one in package.manifest["sections"] for path in one.get("shares", ())} <= listed.keys()
    for path, content in found.items():
        assert hashlib.sha256(content).hexdigest() == listed[path]["sha256"], path
        match path.rpartition(".")[2]:
            case "json":
                check(path, orjson.loads(content), listed[path]["records"])
            case "csv":
                rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
                assert len({len(row) for row in rows}) == 1, path
                assert path.endswith("manifest.csv") or len(rows) - 1 == listed[path]["records"], path
            case "xml":
                etree.fromstring(content)
            case "html":
                etree.fromstring(content, etree.HTMLParser())
            case "pdf":
                assert content.startswith(b"%PDF-")
            case other:
                raise AssertionError(other)


def check(path: str, found, count: int) -> None:
    if not path.startswith("ed-fi/"):
        assert len(found["restrictions"]) == count
        return
    resource = by_collection(path.removeprefix("ed-fi/").removesuffix(".json"))
    assert len(found) == count > 0
    for one in found:
        assert validate(resource, one) == [], path
