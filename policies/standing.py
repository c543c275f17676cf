"""Effective agreements of a folder: a wrong document also disables the agreements it may have been meant to narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.agreement import clashing, read_files
from policies.documents.claims import Claim, claim
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from policies.agreement import Agreement

    Wrong = tuple[SettingsError, Agreement]


@dataclass(frozen=True, slots=True)
class Standing:
    """The effective *agreements*, those that are *withheld*, and the *mistakes* because of which they are.

    The folder is *closed* where a wrong document does not state with certainty whom it is about.
    """

    agreements: tuple[Agreement, ...]
    withheld: tuple[Agreement, ...] = ()
    mistakes: tuple[SettingsError, ...] = ()
    closed: bool = False


def _none(_agreements: Collection[Agreement]) -> Iterable[Wrong]:
    return ()


def stand(
    folder: Path, districts: Collection[str], differing: Callable[[Collection[Agreement]], Iterable[Wrong]] = _none
) -> Standing:
    """Select the effective agreements of a *folder* about *districts* that exist.

    A wrong one releases nothing, nor does another version of it, which it may be there to narrow, nor any agreement of
    the clients it names. Two that conflict are both wrong, and so is one that *differing* finds to have changed.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    found: list[Agreement] = []
    mistakes: list[SettingsError] = []
    claims: list[Claim] = []
    for file, one, wrong in read_files(folder):
        mistakes += wrong
        if one is None:
            claims.append(claim(file))
        else:
            found.append(one)
    wrongs = ((mistake, (one,)) for mistake, one in differing(found))
    for mistake, involved in (*_together(found, districts), *wrongs):
        mistakes.append(mistake)
        claims += (Claim(frozenset({one.id}), frozenset(one.clients), certain=True) for one in involved)
    closed = not all(one.certain for one in claims)
    ids = _ids(found, claims)
    kept = () if closed else tuple(one for one in found if one.id not in ids)
    return Standing(kept, tuple(one for one in found if one not in kept), tuple(mistakes), closed)


def _together(
    agreements: Collection[Agreement], districts: Collection[str]
) -> Iterable[tuple[SettingsError, tuple[Agreement, ...]]]:
    """Yield what is wrong between agreements that are correct by themselves, and with which of them."""
    for mistake, one, other in clashing(agreements):
        yield mistake, (one, other)
    for one in agreements:
        if one.district not in districts:
            hint = suggestion(one.district, districts)
            yield SettingsError(f"there is no district {one.district}{hint}", one.file, 1, 1), (one,)


def _ids(agreements: Iterable[Agreement], claims: Iterable[Claim]) -> frozenset[str]:
    """Return the ids under which nothing is released: those claimed, and all agreements of a claimed client."""
    every = tuple(claims)
    clients = frozenset[str]().union(*(one.clients for one in every))
    ids = frozenset[str]().union(*(one.ids for one in every))
    return ids | {one.id for one in agreements if clients.intersection(one.clients)}
