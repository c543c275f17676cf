"""Assembly of a package: the contents of a record cut by a plan, section by section, and written as files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.package import transcript
from gateway.transfers.package.contents.record import WantedContents
from gateway.transfers.package.contents.roster import FILES
from gateway.transfers.package.contents.roster import MANIFEST as ROSTER_MANIFEST
from gateway.transfers.package.cuts import cut
from gateway.transfers.package.files import MANIFEST, PackageFile, edfi_file, edfi_path, read, written
from gateway.transfers.package.manifest import listed, listed_once, manifest_of
from gateway.transfers.package.notes import notes_file
from gateway.transfers.package.sections import DOCUMENTS, FULL, INFO, RESTRICTIONS, by_dependency, sections
from gateway.transfers.package.summary.pages import summary_files
from standards.errors import InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.transfers.package.contents.record import Document, RecordContents, ReleasedRecord
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.notes import RegistrarNote
    from gateway.transfers.package.plan import PackagePlan

ROSTER_OF: Final = {
    "identity": ("users.csv", "roles.csv", "demographics.csv", "orgs.csv"),
    "schedule": ("enrollments.csv", "classes.csv", "courses.csv", "academicSessions.csv"),
}
"""The OneRoster files of the first track, by the section that they need; without identity there is none."""

PDF: Final = b"%PDF-"
EDFI: Final = "ed-fi/"
"""Where the documents of Ed-Fi resources are in a package."""


@dataclass(frozen=True, slots=True)
class TransferPackage:
    """The files of one version of one student's record, the manifest first, in an order that is always the same."""

    manifest: Mapping[str, Any]
    files: tuple[PackageFile, ...]

    @property
    def signed(self) -> bytes:
        """The bytes of the manifest, which are signed."""
        return self.files[0].content

    @property
    def sealed(self) -> dict[str, bytes]:
        """The bytes of every other file by its path, as they are sealed."""
        return {one.path: one.content for one in self.files[1:]}

    def __repr__(self) -> str:
        """Write nothing of the record."""
        return f"TransferPackage({len(self.files)} files)"


@dataclass(frozen=True, slots=True)
class Additions:
    """What people add to a record: PDF *documents*, and for the receiving registrar *notes* and a *message*."""

    documents: tuple[bytes, ...] = ()
    notes: tuple[RegistrarNote, ...] = ()
    message: str = ""

    def __repr__(self) -> str:
        """Write nothing of the record."""
        return f"Additions({len(self.documents)} documents, {len(self.notes)} notes)"


NOTHING_ADDED: Final = Additions()


def pack(
    header: PackageHeader, plan: PackagePlan, record: ReleasedRecord, added: Additions = NOTHING_ADDED
) -> TransferPackage:
    """Read a student's record and pack what the *plan* lets go along, whole or not at all.

    Raises:
        StudentNotCovered: the agreement covers no such student.
        SourceError: the source cannot be read whole.
        InvalidBody: a document that people added is no PDF.
    """
    return assemble(header, plan, record.read(wanted(plan)), added)


def wanted(plan: PackagePlan) -> WantedContents:
    """Return what a *plan* needs to be read, and nothing else."""
    rules = [one for one in plan.rules if one.name in plan.included]
    held = {one for rule in rules for one in rule.resources(plan.track)}
    own = [one for rule in rules for one in rule.own if one in held]
    referred = [one for rule in sections().values() for one in rule.referred if one in held]
    return WantedContents(
        tuple(dict.fromkeys(own)),
        tuple(dict.fromkeys(referred)),
        places=plan.places,
        roster=_roster(plan),
        present=tuple(one for rule in plan.rules for one in rule.own),
    )


def assemble(
    header: PackageHeader, plan: PackagePlan, contents: RecordContents, added: Additions = NOTHING_ADDED
) -> TransferPackage:
    """Write the files of a package from the *contents* of a record; the same of all of them gives the same bytes.

    Raises:
        InvalidBody: a document that people added is no PDF.
    """
    return finish(header, draft(header, plan, contents, added))


@dataclass(frozen=True, slots=True)
class PackageDraft:
    """A package before its pages: its *files* by path, its *manifest* so far, and the documents (*facts*) in it."""

    manifest: Mapping[str, Any]
    files: Mapping[str, PackageFile]
    facts: Mapping[str, tuple[Any, ...]]

    def __repr__(self) -> str:
        """Write nothing of the record."""
        return f"PackageDraft({len(self.files)} files)"


def draft(header: PackageHeader, plan: PackagePlan, contents: RecordContents, added: Additions) -> PackageDraft:
    """Write all files of a package but its manifest and its pages.

    Raises:
        InvalidBody: a document that people added is no PDF.
    """
    found = {one.path: one for one in _sections(plan, contents, added)}
    facts = {name: tuple(read(found[edfi_path(name)].content)) for name in _resources(plan) if edfi_path(name) in found}
    if plan.track == FULL and "transcript" in plan.included and transcript.of_high_school(facts):
        found[transcript.PATH] = PackageFile(transcript.PATH, transcript.transcript(header, facts))
    for name in sorted({*_roster(plan), ROSTER_MANIFEST} & contents.roster.keys() if _roster(plan) else ()):
        found[f"oneroster/{name}"] = PackageFile(f"oneroster/{name}", *contents.roster[name])
    return PackageDraft(manifest_of(header, plan, contents, found, facts), found, facts)


def finish(header: PackageHeader, made: PackageDraft) -> TransferPackage:
    """Write the pages and the manifest of a draft: only what its manifest lists is in the package."""
    named = frozenset(one["path"] for one in listed(made.manifest))
    facts = {name: some for name, some in made.facts.items() if edfi_path(name) in named}
    pages = tuple(summary_files(header, made.manifest, facts, made.facts.get("students", ())))
    whole = [*made.manifest["files"], *(one.entry() for one in pages)]
    manifest = listed_once({**made.manifest, "files": whole})
    files = tuple(one for path, one in made.files.items() if path in named)
    return TransferPackage(manifest, (PackageFile(MANIFEST, written(manifest)), *files, *pages))


def _sections(plan: PackagePlan, contents: RecordContents, added: Additions) -> Iterator[PackageFile]:
    """Yield the files of all sections, those of Ed-Fi resources in the order in which they can be loaded."""
    for resource in _resources(plan):
        if documents := _documents(plan, resource, contents):
            yield edfi_file(resource, documents)
    if RESTRICTIONS in plan.included and (added.notes or added.message):
        yield notes_file(added.notes, added.message)
    if DOCUMENTS in plan.included:
        yield from sorted(set(map(_attachment, added.documents)), key=lambda one: one.path)


def _resources(plan: PackagePlan) -> tuple[str, ...]:
    return by_dependency(one for rule in plan.rules for one in rule.resources(plan.track))


def _documents(plan: PackagePlan, resource: str, contents: RecordContents) -> tuple[Document, ...]:
    """Return what goes along of a resource: of a document that several sections hold, all that any of them does."""
    holding = [rule for rule in plan.rules if resource in rule.resources(plan.track)]
    every = contents.documents.get(resource, ())
    cuts = [[one for rule in holding for one in cut(plan, rule, resource, (document,))] for document in every]
    return tuple(dict(member for one in some for member in one.items()) for some in cuts if some)


def _attachment(content: bytes) -> PackageFile:
    if not content.startswith(PDF):
        raise InvalidBody("A document to send along is no PDF.")
    return PackageFile(f"documents/{hashlib.sha256(content).hexdigest()}.pdf", content)


def _roster(plan: PackagePlan) -> frozenset[str]:
    """Return the OneRoster files that the first track holds beside the Ed-Fi documents."""
    if plan.track != INFO or "identity" not in plan.included:
        return frozenset()
    return frozenset(name for one in ROSTER_OF if one in plan.included for name in ROSTER_OF[one]) & FILES.keys()
