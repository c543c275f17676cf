"""Preview: exactly what would leave of a student's record, for those of the sending district who decide on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gateway.transfers.machine.words import SectionState


@dataclass(frozen=True, slots=True)
class PreviewedSection:
    """A section as it would leave: its state, how many *records* it has, its figures, and the first rows to be read."""

    name: str
    state: SectionState
    records: int
    check: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PreviewedRelease:
    """All that would leave: the sections in order, the size in bytes, and the summary page as the receiver gets it."""

    sections: tuple[PreviewedSection, ...]
    size: int
    files: tuple[tuple[str, int], ...] = ()
    summary: bytes = field(default=b"", repr=False)


class ReleasePreview(TransferOffice):
    """What leaves, before it does. Looking is an act on record."""

    def show(self, transfer: str, sections: Collection[str], track: str = "full") -> PreviewedRelease:
        """Show what leaves if these *sections* are approved: the package itself, under the same grant.

        Raises:
            NotPermitted: the actor does not decide for the sending district.
            NotAllowed: no student is found yet, or the request is closed.
            SourceError: the source cannot be read whole.
        """
        raise NotImplementedError
