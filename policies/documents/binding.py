"""Bindings of an agreement's id: the parties and the purpose that stay the same in all of its versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Bound:
    """What stays the same in all versions of an *id*: its parties, and the purpose of a form that it asks for.

    A parent who signed the form consented to a purpose and to a party (34 CFR 99.30(b)), and the register knows the
    consent by the id and by the name of the form.
    """

    id: str
    parties: tuple[str, str]
    purpose: str
    form: str

    def broken_by(self, other: Bound) -> str:
        """Say in which way another version of the id has bound it to something else; nothing where it has not."""
        if self.parties != other.parties:
            return f"{self.id} is an agreement of {' and '.join(other.parties)}: other parties need another id"
        if self.form and self.form == other.form and self.purpose != other.purpose:
            return f"the form {self.form} was signed for {other.purpose}: another purpose needs another form"
        return ""


def bound_by(content: Mapping[str, Any]) -> Bound:
    """Return what the canonical *content* of an agreement binds its id to."""
    parties, selectors = content["parties"], content.get("population", {}).get("all", ())
    form = next((one["consent"].get("form", "") for one in selectors if "consent" in one), "")
    return Bound(
        content["id"], (parties["provider"]["district"], parties["recipient"]["org"]), content["basis"]["purpose"], form
    )
