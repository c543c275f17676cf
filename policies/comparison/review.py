"""Review of versions that both parties must sign: which of them release nothing yet, and why."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from policies.comparison.widening import widens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policies.agreement import Agreement


@dataclass(frozen=True, slots=True)
class Signers:
    """The *parties* whose signature of a version counts; *withdrawn* where one does no longer after both had signed."""

    parties: frozenset[str] = frozenset()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A version that releases nothing, since approvals are *missing*; *wider* is by what it widens what is in force.

    So does one whose replacement, the version *gone*, is on record and no longer in the folder, or was *withdrawn*.
    """

    agreement: Agreement
    missing: tuple[str, ...]
    wider: tuple[str, ...] = ()
    withdrawn: bool = False
    gone: int = 0

    def words(self) -> str:
        """Say who has not signed, and why that is needed."""
        if self.gone and self.withdrawn:
            return f"version {self.gone} has replaced it and was withdrawn: write a newer one"
        if self.gone:
            return f"version {self.gone} has replaced it, and its document is gone: put it back, or write a newer one"
        told = f"not signed by {' and '.join(self.missing)}"
        if self.withdrawn:
            return f"{told}: a signature counts no longer, and no version before it comes back"
        return f"{told}; it is wider than the version before: {self.wider[0]}" if self.wider else told


def replaced(agreements: Iterable[Agreement], withdrawn: Mapping[tuple[str, str], int]) -> tuple[Pending, ...]:
    """List the versions that one *withdrawn* had replaced (by id and district the highest): none of them comes back."""
    return tuple(
        Pending(one, (), withdrawn=True, gone=withdrawn[one.id, one.district])
        for one in agreements
        if one.version < withdrawn.get((one.id, one.district), 0)
    )


def parties(one: Agreement) -> tuple[str, ...]:
    """Return the parties of an agreement: the district and the recipient."""
    return tuple(dict.fromkeys((one.district, one.org)))


def review(
    agreements: Iterable[Agreement],
    signers: Callable[[Agreement], Signers],
    newest: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Pending, ...]:
    """List the versions that release nothing while both parties must have signed.

    A version counts that both have signed, or that only narrows the last one that counts. One that does not replaces
    nothing. Where an approval of a version was withdrawn that both had signed, those before it do not come back, nor
    where the *newest* version that was ever served is not there any more.
    """
    by_id: dict[str, list[Agreement]] = {}
    for one in agreements:
        by_id.setdefault(one.id, []).append(one)
    found: list[Pending] = []
    for name, versions in by_id.items():
        if (last := newest.get(name, 0)) > max(one.version for one in versions):
            found += (Pending(one, (), gone=last) for one in versions)
        else:
            found += _pending(versions, signers)
    return tuple(found)


def _pending(versions: Iterable[Agreement], signers: Callable[[Agreement], Signers]) -> Iterator[Pending]:
    counted: list[Agreement] = []
    for one in sorted(versions, key=lambda one: one.version):
        signed = signers(one)
        missing = tuple(party for party in parties(one) if party not in signed.parties)
        wider = widens(counted[-1], one) if counted and missing else ()
        if signed.withdrawn:
            yield from (Pending(other, missing, withdrawn=True) for other in counted)
            counted = []
        if not missing or (counted and not wider):
            counted.append(one)
        else:
            yield Pending(one, missing, wider, signed.withdrawn)
