"""Preview: exactly what would leave of a student's record, for those of the sending district who decide on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.custody_view import CustodyReading
from gateway.admin.transfers.deciding import section_words
from gateway.admin.transfers.office import DECIDE
from gateway.one_line import one_line
from gateway.people.actor import NotPermitted
from gateway.transfers.attachments.added import added_to
from gateway.transfers.districts.release import header_of, plan_of, sending_office
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.machine.words import SectionState
from gateway.transfers.package.assembly import pack
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.files import read
from gateway.transfers.package.header import ReceivingKey
from gateway.transfers.package.notes import PATH as NOTES
from gateway.transfers.package.sections import FULL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.package.assembly import TransferPackage
    from policies.agreement import Agreement
    from policies.grant import Grant

MAX_ROWS: Final = 200
"""The records of a section that are written out; how many there are beside is said."""
EDFI: Final = "ed-fi/"
DOCUMENTS: Final = "documents/"
SUMMARY: Final = "summary.html"
APPROVER_ALONE: Final = (
    "Whether this record is sent, an approver of the district decides: the child's address is protected."
)
COLUMNS: Final = ("record", "says")
NOBODY: Final = "No student of the district is found yet, or the request is closed: there is nothing to show."


@dataclass(frozen=True, slots=True)
class PreviewedSection:
    """A section as it would leave: its state, how many *records* it has, its figures, and its rows.

    Each row is a record: of which kind, and all that it says. Those beyond the first 200 are *left_out*.
    """

    name: str
    state: SectionState
    records: int
    check: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PreviewedRelease:
    """All that would leave: the sections in order, the size in bytes, and the summary page as the receiver gets it.

    The *tag* is what an approval of exactly this names.
    """

    sections: tuple[PreviewedSection, ...]
    size: int
    files: tuple[tuple[str, int], ...] = ()
    summary: bytes = field(default=b"", repr=False)
    tag: str = ""


class ReleasePreview(CustodyReading):
    """What leaves, before it does. Looking is an act on record."""

    def show(self, transfer: str, sections: Collection[str]) -> PreviewedRelease:
        """Show what leaves if these *sections* are approved: the package itself, under the same grant.

        Raises:
            NotPermitted: the actor does not decide on this record for the sending district.
            NotAllowed: no student is found yet, or the request is closed.
            StudentNotCovered: the agreement covers no such student.
            SourceError: the source cannot be read whole.
        """
        self.need(DECIDE)
        found, named = self.sent_to_us(transfer), section_words(sections)
        agreement, grant = agreed = self.agreement(found.sender, found.receiver)
        _check_found(found)
        tag = self.preview_tag(found, named, agreement, self.registered(found, grant))
        made = self.packed(found, named, agreed)  # behind the tag, so that nothing is approved that came in between
        self.record("transfer previewed", found.id, {"number": found.number, "sections": named})
        return replace(_shown(made), tag=tag)

    def packed(
        self,
        transfer: Transfer,
        sections: Collection[str],
        agreed: tuple[Agreement, Grant],
        track: str = FULL,
        version: int = 0,
    ) -> TransferPackage:
        """Pack what leaves of the student of a *transfer*, in memory alone: as the next version, or as that *version*.

        Raises:
            NotPermitted: the child's address is protected, and the actor is no approver.
        """
        _check_found(transfer)
        roll = self.roll_about(transfer)
        row = self.row(roll, transfer)
        if row is None:
            raise NotAllowed(NOBODY)
        if not self.is_told and self.is_protected(transfer, roll):
            raise NotPermitted(APPROVER_ALONE)
        agreement, grant = agreed
        terms = agreement.transfer
        kid = next(iter(terms.receiver_keys), "") if terms is not None else ""
        header = header_of(
            transfer.id, version or transfer.version + 1, agreement, sending_office(agreement, roll),
            ReceivingKey(transfer.receiver, kid, transfer.receiver), self.region.clock(),
        )  # fmt: skip
        student = roll.id_of(row)
        record = GatewayRecord(self.gateway, grant, student, roll.key_of(student))
        return pack(header, plan_of(track, sections), record, added_to(self.attachments.opened(transfer.id)))


def _check_found(transfer: Transfer) -> None:
    if transfer.is_closed or not transfer.subject:
        raise NotAllowed(NOBODY)


def _shown(made: TransferPackage) -> PreviewedRelease:
    files = {one.path: one.content for one in made.files}
    sizes = tuple((path, len(content)) for path, content in files.items())
    sections = tuple(_section(one, files) for one in made.manifest["sections"])
    return PreviewedRelease(sections, sum(size for _, size in sizes), sizes, files.get(SUMMARY, b""))


def _section(told: Mapping[str, Any], files: Mapping[str, bytes]) -> PreviewedSection:
    paths = [*(one["path"] for one in told["files"]), *told.get("shares", ())]
    rows = [row for path in paths for row in _rows(path, files[path])]
    state, check = SectionState(told["state"]), dict(told.get("check", {}))
    shown = tuple(rows[:MAX_ROWS])
    records = sum(one.get("records", one["path"].startswith(DOCUMENTS)) for one in told["files"])
    return PreviewedSection(told["name"], state, records, check, COLUMNS, shown, len(rows) - len(shown))


def _rows(path: str, content: bytes) -> Iterator[tuple[str, ...]]:
    """Yield each record of a file in one line; of files that are for people or programs, what a person added alone."""
    if path.startswith(DOCUMENTS):
        yield "document", f"PDF: {len(content)} bytes"
    if path == NOTES:
        yield "note", one_line("; ".join(f"{name}: {value}" for name, value in _leaves(read(content))))
    if path.startswith(EDFI):
        kind = path.removeprefix(EDFI).removesuffix(".json")
        for document in read(content):
            yield kind, one_line("; ".join(f"{name}: {value}" for name, value in _leaves(document)))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every value of a document with the name of its member; of a descriptor the word alone."""
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from _leaves(inner, member)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        text = str(value)
        yield name, text.rpartition("#")[2] if name.endswith("Descriptor") else text
