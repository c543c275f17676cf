"""Settings of an organisation: what it wants two persons for; where and when it is told things."""

from __future__ import annotations

import base64
import re
import secrets
from typing import TYPE_CHECKING, Any, Final

from adapters.transport.allowed_addresses import origin
from gateway.admin.organisations import Organisations
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.cipher import Cipher
from gateway.storage.database import transaction
from gateway.storage.people.choices import NAMES, PURPOSE, WEBHOOK_SECRET, choices_of, put
from gateway.storage.people.notices import NoticeChoices
from policies.roles import actions, roles
from standards.errors import CallerError, Conflict, InvalidBody, NotFound, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.people.actor import Actor
    from gateway.storage.people.choices import OrganisationChoices
    from gateway.storage.people.proposals import Proposal

NOWHERE: Final = "There is no such organisation here."
CHANGE: Final = "settings.change"
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  no secret, but what one begins with
"""What the secrets of webhooks begin with, so that they are known where they should not be (Standard Webhooks)."""

TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MAX_URL_CHARACTERS: Final = 500


class OrganisationSettings:
    """The settings of organisations, for their own people."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._engine, self.calls = region.store.engine, region.store.calls

    def read(self, actor: Actor, org: str) -> OrganisationChoices:
        """Return what an organisation has chosen.

        Raises:
            NotFound: the *actor* may not know of it, or a command names one that nobody knows.
        """
        actor.require_seen("settings.read", org, what=NOWHERE)
        if actor.kind == "operator" and org not in Organisations(self._region).known():
            raise NotFound(NOWHERE)
        return self._choices(org)

    def change(
        self, actor: Actor, org: str, changes: Mapping[str, Any], version: int | None = None, reason: str = ""
    ) -> OrganisationChoices | Waiting:
        """Change some settings; asking for a second person is one person's, no more asking for one is always two's.

        Raises:
            NotPermitted, NotFound: no role of the *actor* may do so.
            InvalidBody: a value is none that the setting can have.
            Conflict: the settings are not of the *version* that the caller knows.
        """
        self._permit(actor, org)
        before, given = self._choices(org), checked(changes)
        if version is not None and version != before.version:
            raise Conflict("The settings were changed meanwhile: read them again.")
        changed = {name: value for name, value in given.items() if value != getattr(before, name)}
        if not changed:
            return before
        wanted = frozenset(changed.get("two_persons", before.two_persons))
        fewer = bool(frozenset(before.two_persons) - wanted)
        content = {"step": "change", "changes": given}
        asked = TwoPersonAct(CHANGE, org, "settings", content, before.digest(), reason)

        def do() -> OrganisationChoices:
            return self._write(actor, org, before, changed, reason)

        if not fewer and changed.keys() == {"two_persons"}:
            return do()
        return self._second.either(actor, asked, do, always=fewer)

    def renew_secret(self, actor: Actor, org: str, reason: str = "") -> str | Waiting:
        """Make a new secret by which the organisation's webhook is signed, and return it: it is not shown again."""
        self._permit(actor, org)
        before = self._choices(org)
        asked = TwoPersonAct(CHANGE, org, "webhook secret", {"step": "secret"}, before.digest(), reason)
        return self._second.either(actor, asked, lambda: self._renew(actor, org, before, reason))

    def gets_mail(self, actor: Actor) -> bool:
        """Tell whether one has chosen that mail comes at all, which it does unless one says otherwise."""
        return actor.person not in NoticeChoices(self._region.store, self._region.clock).without_mail()

    def choose_mail(self, actor: Actor, *, on: bool) -> None:
        """Choose for oneself whether mail comes at all."""
        actor.require("account.own", next(iter(sorted(actor.orgs("account.own"))), ""))
        act = Act(actor.name, "mail turned on" if on else "mail turned off")
        NoticeChoices(self._region.store, self._region.clock).choose(actor.person, act, mail=on)

    def _permit(self, actor: Actor, org: str) -> None:
        """Refuse whoever may not change the settings of *org*, without telling of it whoever may not see them."""
        actor.require_seen("settings.read", org, what=NOWHERE)
        actor.require(CHANGE, org)

    @timely
    def _choices(self, org: str) -> OrganisationChoices:
        with transaction(self._engine) as connection:
            return choices_of(connection, org)

    @timely
    def _write(
        self, actor: Actor, org: str, before: OrganisationChoices, changed: Mapping[str, Any], reason: str
    ) -> OrganisationChoices:
        with transaction(self._engine, write=True) as connection:
            _check_unchanged(connection, org, before)
            for name, value in changed.items():
                put(connection, org, NAMES[name], value, before.version + 1, actor.name, self._region.clock())
            after = choices_of(connection, org)
            told = {"settings": sorted(changed), **{name: _told(value) for name, value in changed.items()}}
            self._note(connection, actor, org, before, after, told, reason)
        return after

    @timely
    def _renew(self, actor: Actor, org: str, before: OrganisationChoices, reason: str) -> str:
        secret, at = secrets.token_bytes(SECRET_BYTES), self._region.clock()
        sealed = Cipher(self._region.keys.derive(PURPOSE)).seal(secret, org.encode())
        with transaction(self._engine, write=True) as connection:
            _check_unchanged(connection, org, before)
            put(connection, org, WEBHOOK_SECRET, True, before.version + 1, actor.name, at, sealed)
            self._note(
                connection, actor, org, before, choices_of(connection, org), {"settings": [WEBHOOK_SECRET]}, reason
            )
        return SECRET_PREFIX + base64.b64encode(secret).decode()

    def _note(
        self,
        connection: Connection,
        actor: Actor,
        org: str,
        before: OrganisationChoices,
        after: OrganisationChoices,
        told: Mapping[str, Any],
        reason: str,
    ) -> None:
        """Write down the act of a change."""
        content = {"org": org, **told, "before": before.digest(), "after": after.digest()}
        district = org if org in self._region.settings().districts else ""
        write_act(connection, Act(actor.name, "settings changed", district, content, reason), self._region.clock())


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do a change of settings that was confirmed."""
    service = OrganisationSettings(region, second)
    if proposal.content["step"] == "secret":
        return service.renew_secret(actor, proposal.org, proposal.reason)
    return service.change(actor, proposal.org, proposal.content["changes"], reason=proposal.reason)


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *changes* as they are written.

    Raises:
        InvalidBody: there is no such setting, or the value is none that it can have.
    """
    wrong: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    for name, value in changes.items():
        check: Callable[[Any], Any] = _CHECKS.get(name, _unknown)
        try:
            found[name] = check(value)
        except CallerError as error:
            wrong[name] = [error.message]
    if wrong:
        raise InvalidBody("; ".join(f"{name}: {told[0]}" for name, told in sorted(wrong.items())), wrong)
    return found


def _unknown(_value: Any) -> None:
    raise CallerError("There is no such setting.")


def _names(known: Callable[[], Any], what: str) -> Callable[[Any], tuple[str, ...]]:
    """Return the check of a list of names, each of which must be *known*."""

    def check(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one in known() for one in value):
            raise CallerError(what)
        return tuple(sorted(set(value)))

    return check


def _time(value: Any) -> str:
    if not isinstance(value, str) or (value and not TIME.fullmatch(value)):
        raise CallerError("Write a time of the day as 05:00.")
    return value


def _digest_time(value: Any) -> str:
    if not _time(value):
        raise CallerError("Write a time of the day as 07:00.")
    return str(value)


def _webhook(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_URL_CHARACTERS or not (value.isascii() and value.isprintable()):
        raise CallerError("Write an address that begins with https://.")
    try:
        if value:
            origin(value, allow_private=False)
    except SourceRefused as error:
        raise CallerError(error.message) from None
    return value


def _two_person_actions() -> frozenset[str]:
    return frozenset(name for name, one in actions().items() if one.two_persons)


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "two_persons": _names(_two_person_actions, "Choose actions that two persons can be asked for."),
    "mail_off": _names(lambda: roles().keys(), "Choose roles."),
    "webhook": _webhook, "expected_by": _time, "digest_at": _digest_time,
}  # fmt: skip


def _check_unchanged(connection: Connection, org: str, before: OrganisationChoices) -> None:
    if choices_of(connection, org) != before:
        raise Conflict("The settings were changed meanwhile: read them again.")


def _told(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
