"""General offers: terms that a recipient offers to every district, and that one takes over word for word."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.agreement import Agreement

OWN = ("id", "version", "offer", "adopts")
"""What an adopted agreement and its offer may each have of their own, beside the provider."""


def adopted_of(one: Agreement, others: Iterable[Agreement]) -> Agreement | None:
    """Find among *others* the offer that *one* adopts; None where its terms or what its lines cover differ."""
    named = one.terms.get("adopts")
    if named is None or one.expansion is None:
        return None
    for other in others:
        if (other.id, other.version, other.digest) == (named["offer"], named["version"], named["text"]):
            same = other.expansion is not None and other.expansion.elements == one.expansion.elements
            return other if same and "offer" in other.terms and terms(one) == terms(other) else None
    return None


def last_day(offer: Agreement) -> date:
    """Return the last day on which a district may sign an *offer*."""
    return date.fromisoformat(offer.terms["offer"]["until"])


def terms(one: Agreement) -> dict[str, Any]:
    """Return all that is agreed, but for what is the provider's own."""
    content = {name: value for name, value in json.loads(one.text).items() if name not in OWN}
    return {**content, "parties": {**content["parties"], "provider": None}}
