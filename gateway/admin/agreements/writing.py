"""Writing agreements: drafts and their texts, from the first line until both parties are asked to sign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.agreements import form
from gateway.admin.agreements.checking import Checking
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.templates import NAMES, OF_TRANSFER, from_template
from gateway.admin.agreements.transfer_part import check_transfer_part
from gateway.documents import drafts, schedule_csv
from gateway.storage.acts import Act
from gateway.storage.people.agreements import CHANGED as CHANGED_MEANWHILE
from gateway.storage.people.agreements import DRAFT, OPEN, REVIEW, WrittenAgreements, WrittenVersion
from policies.documents import loading
from policies.documents.claims import NAME
from policies.transfers.terms import PART as TRANSFER_PART
from standards.errors import CallerError, InvalidBody, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.agreements.checking import Checked
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.people.actor import Actor

WRITE: Final = "agreement.draft"
READ_ONLY: Final = "A file of the region declares this version: it is changed there, or by a new version written here."
CLOSED: Final = "This version is published or withdrawn, and stays as it is: a change needs a new version."
KEPT: Final = "The id, the version and the two parties of a draft stay as they are: begin another draft for others."
UNKNOWN_TEMPLATE: Final = "There is no such template."
NOT_TO_A_DISTRICT: Final = "The record of a student who moves goes to a school district."
NO_NAME: Final = "This must be a name of letters, digits, dots and dashes."
NOT_DISTRICT: Final = "There is no such district here."
TOO_LARGE: Final = "The text is too large."
HAS_MISTAKES: Final = "The draft has mistakes: mend them first."
SAY_WHY: Final = "Say why, in one line: it stays on record."
MAX_VERSION: Final = 100_000
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class NewDraft:
    """What a new draft begins with; what is empty is left to be filled in."""

    district: str
    recipient: str
    kind: str
    purpose: str = ""
    template: str = "blank"
    schedule: str = ""
    begin: str = ""
    end: str = ""
    interest: str = ""
    clients: tuple[str, ...] = ()


class DraftWriting:
    """The drafts of the region's parties."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known, self._written = region, KnownAgreements(region), WrittenAgreements(region.store)
        self._checking = Checking(region)

    def create(self, actor: Actor, new: NewDraft) -> KnownVersion:
        """Begin a draft from a template, or from a schedule of data in CSV.

        Raises:
            NotPermitted: the *actor* writes no agreements for either party.
            InvalidBody: a name is none.
        """
        self._check_new(actor, new)
        frame = drafts.Frame(
            self._free_id(new), new.district, new.recipient, new.kind, purpose=new.purpose, begin=new.begin,
            end=new.end, timezone=str(self._region.settings().zones[new.district]),
        )  # fmt: skip
        if new.schedule:
            text = drafts.draft(frame, schedule_csv.parse(new.schedule, "schedule"), "a schedule of data")
        else:
            text = from_template(new.template, frame)
        given = {"interest": new.interest, "clients": list(new.clients)}
        text = form.write_part(text, "parties", {name: value for name, value in given.items() if value})
        return self._begin(actor, frame.id, 1, text, new.district, new.recipient)

    def read_in(self, actor: Actor, text: str) -> KnownVersion:
        """Begin a draft from the *text* of an agreement; its id, version and parties are those of the text.

        Raises:
            CallerError: the text does not say them, or they are not free.
            NotPermitted: the *actor* writes no agreements for either party.
        """
        name, version, district, recipient, kind = _about(_sized(text))
        self._check_new(actor, NewDraft(district, recipient, kind))
        return self._begin(actor, name, version, text, district, recipient)

    def continue_(self, actor: Actor, name: str, version: int, end: str = "") -> KnownVersion:
        """Begin the next version of an agreement with the text of one that there is, to another *end* if it is given.

        Raises:
            NotFound: the *actor* may not know of it.
            NotPermitted: the actor does not write for a party of it.
        """
        before = self._known.find(actor, name, version)
        self._require(actor, before)
        following = max(one.version for one in self._known.every() if one.id == name) + 1
        text = form.write_member(before.text, ("version",), following)
        text = form.write_member(text, ("approvals",), None)
        if end:
            if not _DAY.fullmatch(end):
                raise InvalidBody("The last day must be a date such as 2027-08-31.", {"/end": ["This is no date."]})
            text = form.write_member(text, ("validity", "to"), end)
        return self._begin(actor, name, following, text, before.district, before.recipient)

    def save(self, actor: Actor, name: str, version: int, text: str, expected: int) -> KnownVersion:
        """Save the whole *text* of a draft on top of the save with the number *expected*; it may have mistakes.

        Raises:
            NotFound: the *actor* may not know of it.
            CallerError: a file declares it, it is published or signed, or the text is about others.
            PreconditionFailed: somebody else has saved it meanwhile.
        """
        row = self._open(actor, name, version)
        _check_same(row, _sized(text))
        return self._put(actor, row, DRAFT, text, expected, "agreement draft saved")

    def save_part(
        self, actor: Actor, name: str, version: int, part: str, values: Mapping[str, Any], expected: int
    ) -> KnownVersion:
        """Save one *part* of the form of a draft.

        Raises:
            InvalidBody: what is said of transfers contradicts itself.
        """
        row = self._open(actor, name, version)
        if part == TRANSFER_PART:
            check_transfer_part(values)
        text = form.write_part(row.text, part, values)
        _check_same(row, text)
        return self._put(actor, row, DRAFT, text, expected, "agreement draft saved")

    def save_actions(
        self, actor: Actor, name: str, version: int, actions: Mapping[str, str], expected: int
    ) -> KnownVersion:
        """Save what becomes of some elements in a draft."""
        row = self._open(actor, name, version)
        text = form.write_actions(row.text, actions)
        return self._put(actor, row, DRAFT, text, expected, "agreement draft saved")

    def check(self, actor: Actor, name: str, version: int) -> Checked:
        """Check a version that people wrote.

        Raises:
            NotFound: the *actor* may not know of it.
            CallerError: a file declares it.
        """
        one = self._known.find(actor, name, version)
        if one.written is None:
            raise CallerError(READ_ONLY)
        return self._checking.check(actor, one.written.document)

    def ask(self, actor: Actor, name: str, version: int, expected: int) -> KnownVersion:
        """Ask both parties to approve a draft.

        Raises:
            CallerError: it has mistakes.
        """
        row = self._open(actor, name, version)
        if not self._checking.check(actor, row.document).ok:
            raise CallerError(HAS_MISTAKES)
        return self._put(actor, row, REVIEW, row.text, expected, "agreement review asked for")

    def refuse(self, actor: Actor, name: str, version: int, reason: str, expected: int) -> KnownVersion:
        """Refuse a version that waits for approval, with a *reason*: it is a draft again."""
        row = self._open(actor, name, version)
        if not reason.strip():
            raise CallerError(SAY_WHY)
        if row.state != REVIEW:
            raise CallerError("This version does not wait for approval.")
        return self._put(actor, row, DRAFT, row.text, expected, "agreement refused", reason)

    def _require(self, actor: Actor, one: KnownVersion) -> None:
        actor.require(WRITE, one.district, self._known.parties(one.district, one.recipient, one.kind))

    def _open(self, actor: Actor, name: str, version: int) -> WrittenVersion:
        """Return a version that the *actor* may change."""
        one = self._known.find(actor, name, version)
        self._require(actor, one)
        if one.written is None:
            raise CallerError(READ_ONLY)
        if one.written.state not in OPEN:
            raise CallerError(CLOSED)
        return one.written

    def _check_new(self, actor: Actor, new: NewDraft) -> None:
        wrong = {}
        for member, value in (("district", new.district), ("recipient", new.recipient)):
            if not NAME.fullmatch(value):
                wrong[f"/{member}"] = [NO_NAME]
        if new.kind not in form.KINDS:
            wrong["/kind"] = ["There is no such kind of recipient."]
        if new.template not in NAMES:
            wrong["/template"] = [UNKNOWN_TEMPLATE]
        if new.template == OF_TRANSFER and new.kind != "district":
            wrong["/kind"] = [NOT_TO_A_DISTRICT]
        if wrong:
            raise InvalidBody(" ".join(told for every in wrong.values() for told in every), wrong)
        actor.require(WRITE, new.district, self._known.parties(new.district, new.recipient, new.kind))
        if new.district not in self._region.settings().districts:
            raise InvalidBody(NOT_DISTRICT, {"/district": [NOT_DISTRICT]})

    def _free_id(self, new: NewDraft) -> str:
        """Return an id that nobody has: made of the parties, and of a number where that is taken."""
        taken = {one.id for one in self._known.every()}
        stem = f"{new.recipient}-{new.district}"[:90]
        names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    def _begin(self, actor: Actor, name: str, version: int, text: str, district: str, recipient: str) -> KnownVersion:
        others = [one for one in self._known.every() if one.id == name]
        if any((one.district, one.recipient) != (district, recipient) for one in others):
            raise CallerError("This id is not free: choose another one.")
        if any(one.version == version for one in others):
            raise CallerError("There is this version already.")
        row = WrittenVersion(name, version, DRAFT, text, district, recipient, self._region.clock(), actor.name)
        return self._put(actor, row, DRAFT, text, 0, "agreement draft begun")

    def _put(
        self, actor: Actor, row: WrittenVersion, state: str, text: str, expected: int, what: str, reason: str = ""
    ) -> KnownVersion:
        if row.number != expected:
            raise PreconditionFailed(CHANGED_MEANWHILE)
        saved = self._written.save(*change(self._region, actor, row, state, text, what, reason), expected)
        return self._known.find(actor, saved.agreement, saved.version)


def change(
    region: Administration, actor: Actor, row: WrittenVersion, state: str, text: str, what: str, reason: str = ""
) -> tuple[WrittenVersion, Act]:
    """Return the save that follows *row*, and the act that it is."""
    after = WrittenVersion(
        row.agreement, row.version, state, text, row.district, row.recipient, region.clock(), actor.name
    )
    content = {
        "agreement": row.agreement, "version": row.version, "recipient": row.recipient, "state": state,
        "before": row.digest, "after": after.document.digest,
    }  # fmt: skip
    return after, Act(actor.name, what, row.district, content, reason)


def _sized(text: str) -> str:
    try:
        raw = text.encode()
    except UnicodeError:
        raise CallerError(form.UNREADABLE) from None
    if len(raw) > loading.MAX_FILE_BYTES or not text.strip():
        raise CallerError(TOO_LARGE if text.strip() else "There is no text.")
    return text


def _about(text: str) -> tuple[str, int, str, str, str]:
    """Return the id, version, district, recipient and its kind that a text states.

    Raises:
        CallerError: it does not.
    """
    content = form.content_of(text)
    try:
        parties = content["parties"]
        found = (
            content["id"], content["version"], parties["provider"]["district"], parties["recipient"]["org"],
            parties["recipient"]["kind"],
        )  # fmt: skip
    except (KeyError, TypeError):
        raise CallerError("The text does not say its id, its version and its parties.") from None
    name, version, *names = found
    if not all(isinstance(one, str) and NAME.fullmatch(one) for one in (name, *names)):
        raise CallerError(NO_NAME)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= MAX_VERSION:
        raise CallerError("The version must be a whole number from 1 on.")
    return found


def _check_same(row: WrittenVersion, text: str) -> None:
    """Refuse a text about something else than the draft; one that cannot be read says nothing yet."""
    try:
        content = form.content_of(text)
    except CallerError:
        return
    parties = content.get("parties")
    provider, recipient = (parties.get(one) if isinstance(parties, dict) else None for one in ("provider", "recipient"))
    said = (
        content.get("id"), content.get("version"), provider.get("district") if isinstance(provider, dict) else None,
        recipient.get("org") if isinstance(recipient, dict) else None,
    )  # fmt: skip
    if said != (row.agreement, row.version, row.district, row.recipient):
        raise CallerError(KEPT)
