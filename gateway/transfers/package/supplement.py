"""Supplements: a further version of a package, which holds only the sections that have changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.transfers.package.assembly import NOTHING_ADDED, draft, finish
from gateway.transfers.package.manifest import traces
from standards.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.transfers.package.assembly import Additions, TransferPackage
    from gateway.transfers.package.contents.record import RecordContents
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.plan import PackagePlan


class NothingChanged(Conflict):
    """Nothing of the record has changed since the version before; there is nothing to send."""

    code = "nothing-changed"

    def __init__(self) -> None:
        super().__init__("Nothing of the record has changed since the version before.")


def following(header: PackageHeader, before: Mapping[str, Any]) -> PackageHeader:
    """Return the header of the version that follows the one with the manifest *before*."""
    return replace(header, version=before["version"] + 1, replaces=before["version"])


def supplement(
    header: PackageHeader,
    plan: PackagePlan,
    contents: RecordContents,
    before: Sequence[Mapping[str, Any]],
    added: Additions = NOTHING_ADDED,
) -> TransferPackage:
    """Write the sections of a record that differ from the manifests of the versions *before*, oldest first.

    Raises:
        NothingChanged: all of them are the same.
        Conflict: the versions before are of another transfer or track, or do not precede it.
        InvalidBody: a document that people added is no PDF.
    """
    made = draft(header, plan, contents, added)
    _check(made.manifest, before)
    known = {name: trace for manifest in before for name, trace in traces(manifest).items()}
    differing = {name for name, trace in traces(made.manifest).items() if known.get(name) != trace}
    if not differing:
        raise NothingChanged
    kept = [one for one in made.manifest["sections"] if one["name"] in differing]
    return finish(header, replace(made, manifest={**made.manifest, "sections": kept}))


def _check(fresh: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> None:
    same = all(one[name] == fresh[name] for one in before for name in ("transfer", "track"))
    versions = [one["version"] for one in before]
    if not before or not same or versions != sorted(set(versions)) or fresh["version"] != versions[-1] + 1:
        raise Conflict("A supplement follows the versions before it, of the same transfer and track.")
