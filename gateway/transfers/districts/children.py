"""Children of a district for matching: an index of its students, kept for each snapshot, and their keyed tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.districts.district import District
    from gateway.registers.tags import RegisterKeys
    from gateway.transfers.matching.candidates import CandidateIndex
    from gateway.transfers.matching.children import StatedChild


class DistrictChildren:
    """The students of a district by the ids of its own source, searched as matching wants it.

    An index is made once for a snapshot and kept with it; a district that is not cached is read for one search.
    """

    def index(self, district: District) -> CandidateIndex:
        """Return the index of a district's students as they are now.

        Raises:
            SourceError: the source cannot be read whole.
        """
        raise NotImplementedError


def subject_tag(keys: RegisterKeys, district: str, student: str) -> str:
    """Return the keyed tag of a student, by the *student*'s natural key: `subject` of an event, and of a register."""
    raise NotImplementedError


def stated_child(values: Mapping[str, str]) -> StatedChild:
    """Return the child that the sealed *values* of a request state: those of `ASKED_VALUES`."""
    raise NotImplementedError
