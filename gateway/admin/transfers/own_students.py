"""Own students: a bounded search over the students of the registrar's own district."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.transfers.own_children import OwnChild

MAX_HITS: Final = 20
MAX_SEARCHES_A_MINUTE: Final = 20


@dataclass(frozen=True, slots=True)
class OwnStudent:
    """An own student who was found; *unique* and *id* are those of the district's system, *score* between 0 and 100.

    *stated* is what a request for the student's record can be filled in with.
    """

    handle: str
    unique: str = field(repr=False)
    child: OwnChild = field(repr=False)
    score: float = 0.0
    stated: Mapping[str, str] = field(default_factory=dict, repr=False)


class OwnStudents(TransferOffice):
    """The students of the own district, for its registrars: a name, a birth date or an id leads to at most 20."""

    def search(self, asked: Mapping[str, str]) -> tuple[OwnStudent, ...]:
        """Find own students by any of `stateId unique family given middle birthDate lastSchool`, the likeliest first.

        Raises:
            InvalidBody: nothing is asked that leads to anybody.
            TooManyRequests: this person has searched too often within a minute, or searches already.
        """
        raise NotImplementedError

    def find(self, unique: str) -> OwnStudent | None:
        """Find the own student with a unique id of the district's system."""
        raise NotImplementedError
