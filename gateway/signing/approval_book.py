"""The approvals of agreements taken together: who has approved which version, how, and whether it counts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.signing.party_keys import registered
from gateway.signing.sealed_approvals import is_sealed, signers
from gateway.signing.signatures import verify
from gateway.storage.approvals import ASSERTED, SIGNED, SIGNED_IN, Approval, Approvals
from policies import canonical
from policies.comparison.offers import adopted_of, last_day
from policies.comparison.review import Pending, Signers, parties, review
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from gateway.audit.agreement_texts import Texts
    from gateway.storage.acts import SqlRegistry
    from gateway.storage.approvals import PartyKey
    from policies.agreement import Agreement

FROM_DOCUMENT = "the document"
"""Who recorded an approval that stands in the document of the agreement."""


class ApprovalBook:
    """The approvals that the registry has *recorded* and those in the documents themselves, under the parties' *keys*.

    All *agreements* have their expansion: it is part of what is signed. Approvals of signed-in people count under the
    *seal* of the region; without it none does.
    """

    def __init__(
        self,
        keys: Iterable[PartyKey],
        recorded: Iterable[Approval],
        agreements: Iterable[Agreement],
        districts: Collection[str],
        seal: bytes = b"",
    ) -> None:
        self._keys = {one.thumbprint: one for one in keys}
        self._recorded: Mapping[tuple[str, int, str, str, str], list[Approval]] = defaultdict(list)
        for one in recorded:
            self._recorded[one.subject].append(one)
        self._agreements, self._districts, self._seal = tuple(agreements), districts, seal

    def approvals(self, one: Agreement) -> tuple[Approval, ...]:
        """List what counts of the approvals of a version.

        They are signatures that verify, what signed-in people approved, and what the operator asserted. Nobody
        approves for both parties: of two approvals by one person the first one counts.
        """
        found = [found for party in parties(one) for found in self._of(one, party) if self._counts(found, one)]
        return tuple(each for each in found if not any(_first(other, each) for other in found))

    def offered(self, one: Agreement) -> Approval | None:
        """Return the recipient's signature of the offer that a version adopts, if the district has signed in time."""
        offer = adopted_of(one, self._agreements)
        if offer is None:
            return None
        last, zone = last_day(offer), one.timezone
        theirs = [found for found in self._of(one, one.district) if self._signs(found, one)]
        if not any(found.at.astimezone(zone).date() <= last for found in theirs):
            return None
        return next((found for found in self._of(offer, offer.org) if self._signs(found, offer)), None)

    def signers(self, one: Agreement) -> Signers:
        """Return the parties whose signature of a version counts."""
        signed = {found.party for found in self.approvals(one) if found.method != ASSERTED}
        if self.offered(one):
            signed.add(one.org)
        if self.is_ambiguous(one):
            signed.discard(one.org)
        every = frozenset(parties(one))
        once = all(self._once(one, party) for party in every)
        return Signers(frozenset(signed), withdrawn=once and not every <= signed)

    def is_ambiguous(self, one: Agreement) -> bool:
        """Tell whether the recipient has the name of a district and is none: its key could be the district's."""
        return one.kind != "district" and one.org in self._districts

    def fresh(self, one: Agreement, now: datetime) -> Iterator[Approval]:
        """Yield the signatures in the document of a version that nobody has recorded yet, as approvals of *now*.

        Where a key has signed the version before, its signature in the document is no news, whatever its letters are.
        """
        for entry in one.terms.get("approvals", ()):
            party, signature = entry["by"], entry.get("sig", "")
            known = self._of(one, party)
            if signature and party in parties(one) and all(row.signature != signature for row in known):
                found = self.signed(one, party, signature, now, FROM_DOCUMENT)
                if found is not None and all(row.thumbprint != found.thumbprint for row in known):
                    yield found

    def signed(self, one: Agreement, party: str, signature: str, now: datetime, actor: str) -> Approval | None:
        """Return the approval that a *signature* is; None where no key of the *party* that counts today has made it."""
        for key in self._keys.values():
            if key.party == party and key.retired is None and verified(one, signature, key):
                return Approval(*subject(one, party, SIGNED), now, actor, signature, key.thumbprint)
        return None

    def _of(self, one: Agreement, party: str) -> list[Approval]:
        name, version, _, _, text, covered = subject(one, party, SIGNED)
        return self._recorded.get((name, version, party, text, covered), [])

    def _counts(self, found: Approval, one: Agreement) -> bool:
        if found.withdrawn is not None:
            return False
        if found.method == SIGNED_IN:
            return bool(self._seal) and is_sealed(found, self._seal)
        return found.method == ASSERTED or self._signs(found, one)

    def _signs(self, found: Approval, one: Agreement) -> bool:
        """Tell whether a recorded approval is a signature that its party's key made, seen while the key was in use."""
        key = self._keys.get(found.thumbprint)
        if found.method != SIGNED or found.withdrawn is not None or key is None or key.party != found.party:
            return False
        return (key.retired is None or found.at <= key.retired) and verified(one, found.signature, key)

    def _once(self, one: Agreement, party: str) -> bool:
        """Tell whether a party has ever signed this version, if only by an offer."""
        offer = adopted_of(one, self._agreements) if party == one.org else None
        rows = (*self._of(one, party), *(self._of(offer, party) if offer else ()))
        return any(found.method != ASSERTED for found in rows)


def _first(one: Approval, other: Approval) -> bool:
    """Tell whether a person who is in *other* had approved *one* before, for another party."""
    if SIGNED_IN not in {one.method} & {other.method} or one.party == other.party:
        return False
    same = one.person == other.person or signers(one.actor) & signers(other.actor)
    return bool(same) and (one.at, one.party) < (other.at, other.party)


def subject(one: Agreement, party: str, method: str) -> tuple[str, int, str, str, str, str]:
    """Return what an approval of a version by a *party* is about, in the order of its fields."""
    covered = one.expansion.name if one.expansion else ""
    return one.id, one.version, party, method, one.digest, covered


def signed_text(one: Agreement) -> bytes:
    """Return the bytes that the parties of an agreement sign."""
    assert one.expansion is not None
    return canonical.to_sign(one.text, one.expansion)


def verified(one: Agreement, signature: str, key: PartyKey) -> bool:
    """Tell whether *key* has made the *signature* of a version."""
    public = registered(key.key)
    try:
        if public is None or public.thumbprint() != key.thumbprint:
            return False
        verify(signature, signed_text(one), public)
    except CallerError:
        return False
    return True


def unsigned(
    store: SqlRegistry, texts: Texts, districts: Collection[str], clock: Callable[[], datetime], seal: bytes = b""
) -> Callable[[Collection[Agreement]], tuple[Pending, ...]]:
    """Return the function that finds the versions of a folder that must not release anything for want of signatures.

    Signatures that are new in the documents are recorded, each with the moment at which it was first seen.
    """
    registry = Approvals(store)

    def pending(found: Collection[Agreement]) -> tuple[Pending, ...]:
        held = tuple(map(texts.held_to, found))
        keys = registry.keys()
        book = ApprovalBook(keys, registry.every(), held, districts, seal)
        fresh = [(approval, one) for one in held for approval in book.fresh(one, clock())]
        for approval, one in fresh:
            registry.record(approval, one.district)
        book = ApprovalBook(keys, registry.every(), held, districts, seal) if fresh else book
        return review(held, book.signers, texts.newest)

    return pending
