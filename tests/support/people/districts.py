"""Districts for tests that people connect: their files as zips, and what is written about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.uploading import DistrictFiles
from gateway.demo.data import write_oneroster_12
from tests.support.regions import small_district

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.people.actor import Actor
    from tests.support.people.region import PeopleRegion

UPLOADED: Mapping[str, Any] = {
    "adapter": "oneroster_csv", "timezone": "America/Los_Angeles", "cache": "1h", "settings": {"source": "uploaded:"},
}  # fmt: skip


def zipped(folder: Path, students: int = 60) -> bytes:
    """Return the files of a made-up district in a zip."""
    folder.mkdir(parents=True, exist_ok=True)
    write_oneroster_12(small_district(students), folder / "made.zip")
    return (folder / "made.zip").read_bytes()


def connected(region: PeopleRegion, actor: Actor, name: str, data: bytes) -> None:
    """Connect the district *name* from an uploaded file, as its people do."""
    connections = Connections(region.administered)
    connections.save(actor, name, UPLOADED)
    received = DistrictFiles(region.administered).receive(actor, name, "roster.zip", data)
    assert received.kept, received.trial.told
    done = connections.connect(actor, name)
    assert done.effect.served, done
