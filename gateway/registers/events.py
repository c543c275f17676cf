"""Events of the registers: what is written when an entry is made, changed or ended, and how it is read back."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.registers.entries import (
    ADDRESS,
    METHODS,
    ONLY_OF,
    RESTRICTION_KINDS,
    SIGNER_ROLES,
    WRITTEN_BY,
    Consent,
    Restriction,
    StaffAssignment,
)
from gateway.registers.tags import KINDS, TAG_BYTES
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.storage.cipher import Cipher

CONSENTS, RESTRICTIONS, ASSIGNMENTS, TEXTS = "consents", "restrictions", "assignments", "texts"
GIVEN, ADDED, ASSIGNED, CHANGED = "given", "added", "assigned", "changed"
WITHDRAWN, LIFTED, OVER = "withdrawn", "lifted", "ended"
MADE: Final = {CONSENTS: GIVEN, RESTRICTIONS: ADDED, ASSIGNMENTS: ASSIGNED}
ENDED: Final = {CONSENTS: WITHDRAWN, RESTRICTIONS: LIFTED, ASSIGNMENTS: OVER}
DELETED: Final = "deleted"
"""The event that says that an entry is gone, and not which; it also keeps its number from being given again."""

NAMES, FORM = "names", "form"
"""The events of *TEXTS*: a set of element names, and the sealed text of a form, each once by its hash."""

HASH_CHARACTERS: Final = 32
"""The first characters of a hash, under which a text of the registers is kept."""

TAG: Final = re.compile(rf"[0-9a-f]{{{2 * TAG_BYTES}}}")

Stated = Consent | Restriction | StaffAssignment


@dataclass(frozen=True, slots=True)
class RegisterEvent:
    """One event on an *entry* of a *register*: its *content* names nobody, and values are *sealed*."""

    register: str
    entry: str
    event: str
    content: Mapping[str, Any]
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """An entry with its history: what it *states*, since when and by whom, and when and why it was *ended*."""

    register: str
    states: Stated
    made: datetime
    actor: str
    ended: datetime | None = None
    reason: str = ""

    @property
    def entry(self) -> str:
        """The id of the entry, which is random and names nobody."""
        return self.states.entry

    def last_day(self, agreement_end: date | None = None) -> date | None:
        """Return the last day on which it holds, or held; None where it has no end."""
        ends = (self.ended.date() if self.ended else None, self.states.until, agreement_end)
        return min((day for day in ends if day is not None), default=None)


def register_of(one: Stated) -> str:
    """Return the register that a consent, a restriction or an assignment belongs to."""
    return CONSENTS if isinstance(one, Consent) else ASSIGNMENTS if isinstance(one, StaffAssignment) else RESTRICTIONS


def stating(one: Stated, event: str, cipher: Cipher) -> RegisterEvent:
    """Make the event by which an entry states *one* from now on.

    Raises:
        CallerError: it would not be understood when it is read again, and so would shut the registers of the district.
    """
    if isinstance(one, Consent):
        content = _consent_content(one, names_hash(one.elements))
        made = RegisterEvent(CONSENTS, one.entry, event, content)
    elif isinstance(one, StaffAssignment):
        content = _assignment_content(one)
        made = RegisterEvent(ASSIGNMENTS, one.entry, event, content)
    else:
        sealed, content = None, _restriction_content(one)
        if one.substitute:
            text = json.dumps(dict(one.substitute), sort_keys=True).encode()
            sealed = cipher.seal(text, _about(one.district, one.entry))
        made = RegisterEvent(RESTRICTIONS, one.entry, event, content, sealed)
    try:
        _whole(made, one, content)
    except ValueError:
        raise CallerError("The entry is not written: its dates, words or parts do not fit together.") from None
    return made


def _consent_content(one: Consent, names: str) -> dict[str, Any]:
    return _present({
        "tags": dict(one.tags), "agreement": one.agreement, "form": one.form, "formHash": one.form_hash,
        "signer": one.signer_role, "method": one.method, "signed": one.signed.isoformat(),
        "begin": one.begin.isoformat(), "until": one.until and one.until.isoformat(),
        "elements": names if one.elements else None,
    })  # fmt: skip


def _restriction_content(one: Restriction) -> dict[str, Any]:
    return _present({
        "tags": dict(one.tags), "kind": one.kind, "begin": one.begin.isoformat(),
        "until": one.until and one.until.isoformat(), "recipients": list(one.recipients),
        "elements": list(one.elements), "contact": one.contact,
    })  # fmt: skip


def _assignment_content(one: StaffAssignment) -> dict[str, Any]:
    return _present({
        "tags": dict(one.tags), "agreement": one.agreement, "org": one.org, "person": one.person,
        "begin": one.begin.isoformat(), "until": one.until and one.until.isoformat(), "writtenBy": one.written_by,
    })  # fmt: skip


def _present(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value}


def _about(district: str, entry: str) -> bytes:
    return f"{district}\x00{entry}".encode()


def stated(district: str, event: RegisterEvent, names: Mapping[str, frozenset[str]], cipher: Cipher) -> Stated:
    """Return what an entry states by its last *event* but the one that ends it.

    Raises:
        NotSealed: its values were sealed under another key, or for another entry.
        KeyError: its elements, or another part of it, are not there.
        ValueError: something in it is not understood, or would not be written as it stands there.
        TypeError: a part of it is of another type.
    """
    known = event.content
    begin, until = date.fromisoformat(known["begin"]), known.get("until")
    last = date.fromisoformat(until) if until else None
    if event.register == CONSENTS:
        consent = Consent(
            event.entry, district, known["agreement"], known["form"], known["formHash"], known["tags"],
            known["signer"], known["method"], date.fromisoformat(known["signed"]), begin, last,
            names[known["elements"]] if "elements" in known else frozenset(),
        )  # fmt: skip
        _whole(event, consent, _consent_content(consent, known.get("elements", "")))
        return consent
    if event.register == ASSIGNMENTS:
        assignment = StaffAssignment(
            event.entry, district, known["agreement"], known["org"], known["person"], known["tags"], begin, last,
            known["writtenBy"],
        )  # fmt: skip
        _whole(event, assignment, _assignment_content(assignment))
        return assignment
    sealed = event.sealed
    restriction = Restriction(
        event.entry, district, known["kind"], known["tags"], begin, last, tuple(known.get("recipients", ())),
        tuple(known.get("elements", ())), known.get("contact", ""),
        json.loads(cipher.open(sealed, _about(district, event.entry))) if sealed is not None else {},
    )  # fmt: skip
    _whole(event, restriction, _restriction_content(restriction))
    return restriction


def _whole(event: RegisterEvent, one: Stated, content: Mapping[str, Any]) -> None:
    """Refuse an *event* that is not just what writes down what was understood of it, with words that mean something.

    Nobody knows what the rest says: it could be the very limit of a consent, or whom a restriction is for.
    """
    texts = [one.entry, *(value for value in content.values() if not isinstance(value, dict | list))]
    texts += [text for value in content.values() if isinstance(value, list) for text in value]
    understood = content == event.content and all(isinstance(text, str) and text for text in texts)
    tags = one.tags.items()
    understood &= bool(tags) and all(kind in KINDS and TAG.fullmatch(tag) for kind, tag in tags)
    understood &= one.until is None or one.until >= one.begin
    if isinstance(one, Consent):
        understood &= event.sealed is None and one.signer_role in SIGNER_ROLES and one.method in METHODS
    elif isinstance(one, StaffAssignment):
        understood &= event.sealed is None and one.written_by in WRITTEN_BY
        understood &= bool(one.agreement and one.org and one.person)
    else:
        understood &= one.kind in RESTRICTION_KINDS and (not one.contact or bool(TAG.fullmatch(one.contact)))
        understood &= all(one.kind in kinds for part, kinds in ONLY_OF.items() if getattr(one, part))
        understood &= bool(one.substitute) is (event.sealed is not None) and one.substitute.keys() <= set(ADDRESS)
        understood &= all(isinstance(text, str) for text in one.substitute.values())
    if not understood:
        raise ValueError("an event of the registers is not understood whole")


def named(event: RegisterEvent) -> frozenset[str]:
    """Return the set of element names that an *event* keeps.

    Raises:
        ValueError: it is not the set that its hash is of.
    """
    names = frozenset(event.content["names"])
    if naming(names) != event:
        raise ValueError("a set of elements is not the one that its hash is of")
    return names


def names_hash(names: Iterable[str]) -> str:
    """Return the hash by which a set of element names is kept."""
    return text_hash("\n".join(sorted(names)))[:HASH_CHARACTERS]


def text_hash(text: str) -> str:
    """Return the hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def naming(names: frozenset[str]) -> RegisterEvent:
    """Make the event that keeps a set of element names."""
    return RegisterEvent(TEXTS, names_hash(names), NAMES, {"names": sorted(names)})


def keeping_form(district: str, text: str, cipher: Cipher) -> RegisterEvent:
    """Make the event that keeps the text of a form, sealed: somebody may have filled it in."""
    name = text_hash(text)[:HASH_CHARACTERS]
    return RegisterEvent(TEXTS, name, FORM, {}, cipher.seal(text.encode(), _about(district, name)))


def form_text(district: str, event: RegisterEvent, cipher: Cipher) -> str:
    """Return the text of a form that *event* keeps."""
    return cipher.open(event.sealed or b"", _about(district, event.entry)).decode()


def digest(states: Iterable[Stated]) -> str:
    """Hash what entries state, without tags and values, for the record: it leads to nobody."""
    spelt = [_untagged(one) for one in states]
    return hashlib.sha256(json.dumps(spelt, sort_keys=True).encode()).hexdigest() if spelt else ""


def _untagged(one: Stated) -> dict[str, Any]:
    if isinstance(one, Consent):
        return _consent_content(replace(one, tags={}), names_hash(one.elements))
    if isinstance(one, StaffAssignment):
        return _assignment_content(replace(one, tags={}))
    return _restriction_content(replace(one, tags={}, contact="", substitute={}))
