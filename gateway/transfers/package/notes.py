"""Notes for the receiving registrar: what a person of the sending district decided that the receiver must know.

Nothing in them follows from the registers by itself, so that a package does not tell whether a restriction exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.package.files import PackageFile, written
from gateway.transfers.package.sections import UnknownPackageWord

if TYPE_CHECKING:
    from datetime import date

PATH: Final = "restrictions.json"
KINDS: Final = frozenset({"confidential-address", "contact-restricted", "directory-opt-out", "parent-objection"})
READERS: Final = "registrar"
"""The only role of the receiver that may read them."""


@dataclass(frozen=True, slots=True)
class RegistrarNote:
    """A note of one *kind*, which holds *until* a day where it ends; *contact* is the unique id of whom it is about."""

    kind: str
    until: date | None = None
    contact: str = ""

    def __post_init__(self) -> None:
        """Refuse a kind that nobody knows."""
        if self.kind not in KINDS:
            raise UnknownPackageWord(self.kind, KINDS)

    def __repr__(self) -> str:
        """Write the kind alone."""
        return f"RegistrarNote({self.kind!r})"

    def entry(self) -> dict[str, str]:
        """Return the note as it is written."""
        found = {"kind": self.kind}
        found |= {"until": self.until.isoformat()} if self.until else {}
        return found | ({"contactUniqueId": self.contact} if self.contact else {})


def notes_file(notes: tuple[RegistrarNote, ...], message: str = "") -> PackageFile:
    """Write the notes, in an order of their own content, and the *message* in the sending registrar's own words."""
    entries = sorted((one.entry() for one in notes), key=lambda one: sorted(one.items()))
    told: dict[str, Any] = {"readableBy": READERS, "restrictions": entries} | ({"message": message} if message else {})
    return PackageFile(PATH, written(told), len(entries) + bool(message))
