"""Supplements: a further version of a package, which holds the sections that have changed, and names the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.transfers.package.assembly import NOTHING_ADDED, draft, finish
from gateway.transfers.package.manifest import UNCHANGED, traces

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.transfers.package.assembly import Additions, PackageDraft, TransferPackage
    from gateway.transfers.package.contents.record import RecordContents
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.manifest import SectionContent
    from gateway.transfers.package.plan import PackagePlan


@dataclass(frozen=True, slots=True)
class EarlierVersions:
    """What the receiver has by the versions before: the *traces* of the sections, and those of which it has records.

    *trace* says what a section, and what a package holds of it, is known by.
    """

    trace: Callable[[str, SectionContent], str]
    traces: Mapping[str, str] = field(default_factory=dict)
    held: Collection[str] = ()


def supplement(
    header: PackageHeader,
    plan: PackagePlan,
    contents: RecordContents,
    before: EarlierVersions,
    added: Additions = NOTHING_ADDED,
) -> tuple[TransferPackage, dict[str, str]]:
    """Write the sections of a record that differ from the versions *before*; return the traces of all sections too.

    A section that the receiver has, and of which nothing was released now, is told as unchanged: what it has counts.
    Without a version before, all of the record is written.

    Raises:
        InvalidBody: a document that people added is no PDF.
    """
    made = draft(header, plan, contents, added)
    fresh = {name: before.trace(name, held) for name, held in traces(made.manifest).items()}
    kept = {name for name in before.held if name not in plan.included}
    same = {name for name, trace in fresh.items() if name in kept or before.traces.get(name) == trace}
    package = finish(header, _without(made, same))
    return package, fresh | {name: before.traces[name] for name in same}


def _without(made: PackageDraft, same: Collection[str]) -> PackageDraft:
    """Return a draft that says of the *same* sections that they are unchanged, and holds nothing of them."""
    sections = [
        {"name": one["name"], "state": UNCHANGED, "files": []} if one["name"] in same else one
        for one in made.manifest["sections"]
    ]
    return replace(made, manifest={**made.manifest, "sections": sections})
