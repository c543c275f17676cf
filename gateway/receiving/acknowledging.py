"""Acknowledgment of a package: counts, credits and averages as they are read back, or why it is wanted again."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gateway.receiving.filing.remapping import RECORDS, TRANSCRIPTS
from gateway.receiving.filing.writing import FilingOutcome
from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.files import edfi_path, read, written
from gateway.transfers.package.sections import sections
from gateway.transfers.package.totals import check_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.receiving.fetching import ReceivedPackage
    from gateway.receiving.filing.own_system import OwnSystem
    from gateway.receiving.filing.writing import FiledRecord

MISMATCH, UNREADABLE, INCOMPLETE = "mismatch", "unreadable", "incomplete"
"""Why a package is wanted again, in the words of the gateway."""
WRITTEN, DOCUMENT, NOT_WANTED = "written", "document", "not-wanted"
"""What became of a section, in the words of the gateway."""
READ_BACK: Final = frozenset({FilingOutcome.WRITTEN, FilingOutcome.SAME})
"""The documents that the system has as they came."""


def figures(received: ReceivedPackage, filed: Sequence[FiledRecord], system: OwnSystem | None) -> dict[str, Any]:
    """Return the figures of a package as this side reads them.

    Of a transcript's documents that were written, those count that the system has now; of the others, those that came.
    """
    files = {}
    for resource in (RECORDS, TRANSCRIPTS):
        own = [one for one in filed if one.planned.resource == resource]
        documents = [_read_back(one, system) for one in own] or received.documents(resource)
        if documents:
            files[edfi_path(resource)] = written(_plain(documents))
    manifest = {**received.manifest, "sections": [_counted(one, received) for one in received.manifest["sections"]]}
    return figures_of(manifest, check_of(files))


def resend_reason(received: ReceivedPackage, echo: Mapping[str, Any]) -> str:
    """Return why a package is wanted again, by the figures that were read; empty where they are those it states."""
    stated = figures_of(received.manifest)
    if stated["sections"] != echo["sections"]:
        return INCOMPLETE
    return "" if stated["check"] == echo["check"] else MISMATCH


def contradiction(received: ReceivedPackage) -> str:
    """Return why a package is wanted again before anything of it is written: its files are not what it states."""
    return resend_reason(received, figures(received, (), None))


def section_outcomes(received: ReceivedPackage, filed: Iterable[FiledRecord]) -> dict[str, str]:
    """Return what became of each section of which nothing waits any more.

    A section counts as written where every record of it that is the student's own is in the system.
    """
    found: dict[str, list[FilingOutcome]] = {name: [] for name in received.sections}
    for one in filed:
        rule = sections().get(one.planned.section)
        if rule is not None and one.planned.resource in rule.own and one.planned.section in found:
            found[one.planned.section].append(one.outcome)
    return {
        name: WRITTEN if outcomes and not {FilingOutcome.DOCUMENT, FilingOutcome.REFUSED} & set(outcomes) else DOCUMENT
        for name, outcomes in found.items()
        if FilingOutcome.WAITING not in outcomes
    }


def _read_back(one: FiledRecord, system: OwnSystem | None) -> Mapping[str, Any]:
    if system is not None and one.outcome in READ_BACK and one.id:
        found = system.read(one.planned.resource, one.id)
        if found is not None:
            return found[0].document
    return one.planned.source


def _counted(section: Mapping[str, Any], received: ReceivedPackage) -> dict[str, Any]:
    """Return what a manifest says of a section, with the records counted that are really there."""
    counted = [
        {**one, "records": len(read(received.files[one["path"]]))} if one["path"].startswith("ed-fi/") else one
        for one in section["files"]
    ]
    return {**section, "files": counted}


def _plain(documents: Iterable[Mapping[str, Any]]) -> Any:
    """Return documents as JSON can hold them, with every decimal as the number that it is."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return float(value) if isinstance(value, Decimal) else value

    return [plain(one) for one in documents]
