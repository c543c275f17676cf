"""Effective agreements of a region: a wrong document also disables the agreements it may have been meant to narrow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policies.agreement import doubled, read_documents, repeated, reused, rivalling
from policies.documents.claims import Claim, claim
from policies.documents.written import SCHEME
from policies.transfers.terms import is_transfer
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from policies.agreement import Agreement
    from policies.comparison.review import Pending
    from policies.documents.written import WrittenDocument

    Wrong = tuple[SettingsError, Agreement]


@dataclass(frozen=True, slots=True)
class FolderReading:
    """The correct documents *found* in a folder, the *mistakes* in the others, and the *claims* that these make."""

    found: tuple[Agreement, ...] = ()
    mistakes: tuple[SettingsError, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The effective *agreements*, those that are *withheld*, and the *mistakes* because of which they are.

    The folder is *closed* where a wrong document does not state with certainty whom it is about; by a written one no
    more than its district is. Versions that are *pending* release nothing because a party has not signed them. All of
    it follows from one *reading* of the folder.
    """

    agreements: tuple[Agreement, ...]
    withheld: tuple[Agreement, ...] = ()
    mistakes: tuple[SettingsError, ...] = ()
    closed: bool = False
    pending: tuple[Pending, ...] = ()
    reading: FolderReading = FolderReading()


def _none(_agreements: Collection[Agreement]) -> Iterable[Wrong]:
    return ()


def _all_count(_agreements: Collection[Agreement]) -> tuple[Pending, ...]:
    return ()


def stand(
    folder: Path,
    districts: Collection[str],
    differing: Callable[[Collection[Agreement]], Iterable[Wrong]] = _none,
    pending: Callable[[Collection[Agreement]], tuple[Pending, ...]] = _all_count,
    rebound: Callable[[Collection[Agreement]], Iterable[Wrong]] = _none,
    written: Iterable[WrittenDocument] = (),
) -> Standing:
    """Select the effective agreements of a *folder*, and of the *written* ones, about *districts* that exist.

    A wrong one releases nothing, nor does another version of it, which it may be there to narrow, nor any agreement of
    the clients it names: of every district where a file says so, of its own where its people have written it. Two
    that conflict are both wrong, and so is one that *differing* finds to have changed. One
    that is *pending* releases nothing, replaces nothing and conflicts with nothing; of the others, one is wrong whose
    id *rebound* finds to have been bound to something else.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    found: list[Agreement] = []
    mistakes: list[SettingsError] = []
    claims: list[Claim] = []
    for document, one, wrong in read_documents(folder, written):
        mistakes += wrong
        if one is None:
            claims.append(claim(document) if isinstance(document, Path) else document.claim())
        else:
            found.append(one)
    wrongs = ((mistake, (one,)) for mistake, one in differing(found))
    for mistake, involved in (*_pairs(repeated(found)), *_strangers(found, districts), *wrongs):
        mistakes.append(mistake)
        claims += _whole(*involved)
    return select(FolderReading(tuple(found), tuple(mistakes), tuple(claims)), pending, rebound)


def select(
    reading: FolderReading,
    pending: Callable[[Collection[Agreement]], tuple[Pending, ...]],
    rebound: Callable[[Collection[Agreement]], Iterable[Wrong]] = _none,
) -> Standing:
    """Select the effective agreements of one *reading* of a folder, without those that are *pending* now."""
    waiting = pending(reading.found)
    left = frozenset((one.agreement.id, one.agreement.version) for one in waiting)
    counted = [one for one in reading.found if (one.id, one.version) not in left]
    mistakes, claims = list(reading.mistakes), list(reading.claims)
    wrongs = ((mistake, (one,)) for mistake, one in rebound(counted))
    for mistake, involved in (
        *_pairs(reused(counted)),
        *wrongs,
        *_pairs(rivalling(counted)),
        *_pairs(doubled(counted)),
    ):
        mistakes.append(mistake)
        claims += _whole(*involved)
    closed = not all(one.certain for one in claims if not one.district)
    claimed = _claimed(reading.found, claims)
    kept = () if closed else tuple(one for one in counted if (one.district, one.id) not in claimed)
    withheld = tuple(one for one in counted if one not in kept)
    return Standing(kept, withheld, tuple(mistakes), closed, waiting, reading)


def _pairs(
    clashes: Iterable[tuple[SettingsError, Agreement, Agreement]],
) -> Iterator[tuple[SettingsError, tuple[Agreement, ...]]]:
    return ((mistake, (one, other)) for mistake, one, other in clashes)


def _strangers(
    agreements: Iterable[Agreement], districts: Collection[str]
) -> Iterator[tuple[SettingsError, tuple[Agreement, ...]]]:
    """Yield the agreements about a district that is not there, or a transfer to one, and the mistake that this is."""
    for one in agreements:
        needed = (one.district, one.org) if is_transfer(one.operations) else (one.district,)
        for name in needed:
            if name not in districts:
                hint = suggestion(name, districts)
                yield SettingsError(f"there is no district {name}{hint}", one.file, 1, 1), (one,)


def _whole(*involved: Agreement) -> Iterator[Claim]:
    """Yield the claims of correct documents that cannot count; of a district where its people wrote one of them."""
    written = any(one.file.startswith(SCHEME) for one in involved)
    for one in involved:
        yield Claim(frozenset({one.id}), frozenset(one.clients), certain=True, district=one.district if written else "")


def _claimed(agreements: Iterable[Agreement], claims: Iterable[Claim]) -> frozenset[tuple[str, str]]:
    """Return the ids, each with its district, under which nothing is released."""
    every = tuple(claims)
    return frozenset((one.district, one.id) for one in agreements if any(_touches(claim, one) for claim in every))


def _touches(claim: Claim, one: Agreement) -> bool:
    """Tell whether a claim is about an agreement: its id, one of its clients, or, where it is uncertain, anything."""
    if claim.district and claim.district != one.district:
        return False
    named = one.id in claim.ids or bool(claim.clients.intersection(one.clients))
    return named or (bool(claim.district) and not claim.certain)
