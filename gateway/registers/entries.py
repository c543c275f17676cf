"""Entries of the registers as they stand now: what may not be shown to whom, who consented, who works with whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

RestrictionKind = Literal["directory", "acp", "court-order", "parent-objection", "do-not-transfer-discipline"]
RESTRICTION_KINDS: Final[tuple[RestrictionKind, ...]] = (
    "directory", "acp", "court-order", "parent-objection", "do-not-transfer-discipline",
)  # fmt: skip
SIGNER_ROLES: Final = ("parent", "eligible-student")
METHODS: Final = ("paper", "electronic")
PROVIDER, RECIPIENT = "provider", "recipient"
WRITTEN_BY: Final = (PROVIDER, RECIPIENT)
"""Which party of its agreement wrote an assignment down."""
ADDRESS: Final = ("street", "unit", "city", "state", "postalCode", "county")
"""The parts of a substitute address, as `student.address` has them."""

ONLY_OF: Final[Mapping[str, tuple[RestrictionKind, ...]]] = {
    "recipients": ("court-order", "parent-objection"),
    "elements": ("parent-objection",),
    "contact": ("court-order",),
    "substitute": ("acp",),
}
"""The parts of a restriction that only some kinds have."""


DENY: Final = "deny"


def named_with(name: str, action: str) -> str:
    """Write an element that a consent covers: with the action by which it left then, where that was not allow."""
    return name if action == "allow" else f"{name} {action}"


class Expanded(frozenset[str]):
    """The elements of a consent that names them by what holds them: those there are on the day it is written down.

    What the agreement releases more of since, a form that was signed before did not name.
    """


class AllReleased(Expanded):
    """The elements of a consent that names none: all that its agreement releases on the day it is written down."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction on one student of a *district*, known by *tags* (kind of tag to hex digits).

    ``directory``: not in agreements that rest on directory information. ``acp``: the *substitute* address (names of
    `student.address` to texts) in place of the real one, and nothing that tells a place, for every recipient.
    ``court-order``: the *contact* (its tag) does not exist, or the student does not for the *recipients*.
    ``parent-objection``: the *elements* (paths; all where there are none) do not leave to the *recipients* (all where
    there are none). ``do-not-transfer-discipline``: no incident or action leaves to another district.
    It holds from *begin* to *until*, the last day included; None is no end.
    """

    entry: str
    district: str
    kind: RestrictionKind
    tags: Mapping[str, str]
    begin: date
    until: date | None = None
    recipients: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    contact: str = ""
    substitute: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to one *agreement* about one student, known by *tags* (kind of tag to hex digits).

    *form* is the name of the form and *form_hash* the hash of the text that was signed. It covers the *elements*
    (released names, see `named_with`) that the form named, and nothing where it named none, from *begin* to *until*,
    the last day included; None is no end but the agreement's. A parent's ends at the student's eighteenth birthday,
    when the right to consent passes to the student (34 CFR 99.3, 99.5(a)).
    """

    entry: str
    district: str
    agreement: str
    form: str
    form_hash: str
    tags: Mapping[str, str]
    signer_role: str
    method: str
    signed: date
    begin: date
    until: date | None = None
    elements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StaffAssignment:
    """A student, known by *tags*, assigned to a *person* (its id) who works at *org*, under one *agreement*.

    Of a student whom its provider assigned the tags are made from the district's system; what the recipient wrote down
    (*written_by*) has those of what was typed alone, which nobody has compared with anything. It holds from *begin* to
    *until*, the last day included; None is no end but the agreement's.
    """

    entry: str
    district: str
    agreement: str
    org: str
    person: str
    tags: Mapping[str, str]
    begin: date
    until: date | None = None
    written_by: str = PROVIDER


@dataclass(frozen=True, slots=True)
class RegisterState:
    """The registers of one district at one *version*; both grow together, and equal versions are equal states."""

    district: str
    version: int
    restrictions: tuple[Restriction, ...] = ()
    consents: tuple[Consent, ...] = ()
    assignments: tuple[StaffAssignment, ...] = ()


class RegisterSource(Protocol):
    """The registers of all districts, as they stand now."""

    def state(self, district: str) -> RegisterState:
        """Return the registers of one *district*, the same object while they are the same.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        ...
