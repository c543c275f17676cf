"""Written documents: agreements that lie in no folder, each with what its keeper states of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from policies.documents import claims
from standards.errors import SettingsError

if TYPE_CHECKING:
    from policies.documents.claims import Claim

SCHEME: Final = "registry:"
"""What the name of a written document begins with, where that of a file is its path."""


@dataclass(frozen=True, slots=True)
class WrittenDocument:
    """The *text* of one version of an agreement, and what the registry states of it, which the text must state too."""

    id: str
    version: int
    district: str
    org: str
    text: str
    digest: str

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{SCHEME}{self.id}@{self.version}"

    def bytes(self) -> bytes:
        """Return the text as it would lie in a file.

        Raises:
            SettingsError: it is not the text whose hash was kept.
        """
        if digest(self.text) != self.digest:
            raise SettingsError("this is not the text that was written: its hash is another one", self.name, 1, 1)
        return self.text.encode()

    def misfit(self, found: tuple[str, int, str, str]) -> SettingsError | None:
        """Return the mistake that the text is about something else (id, version, district, org) than is stated."""
        if found == (self.id, self.version, self.district, self.org):
            return None
        return SettingsError("the text is about another agreement, version or party than was written", self.name, 1, 1)

    def claim(self) -> Claim:
        """Return the ids and clients of its district that it names in any way; its own id, whatever the text says."""
        found = claims.read(self.text.encode())
        return replace(found, ids=found.ids | {self.id}, district=self.district)


def digest(text: str) -> str:
    """Hash a text as it was written."""
    return hashlib.sha256(text.encode()).hexdigest()
