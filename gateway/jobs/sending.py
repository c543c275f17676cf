"""Sending notices: claimed, written from the tasks of this moment, sent, tried again later, or given up."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway import telemetry
from gateway.jobs.collecting import HEAD, MAIL, ORG_PREFIX, READY, URGENT, items_of, wants_mail
from gateway.jobs.delivery import NotDelivered
from gateway.jobs.heads import send_head
from gateway.jobs.mail import Mail
from gateway.jobs.ready import send_ready
from gateway.jobs.texts import hook, letter, lines
from gateway.jobs.webhooks import Webhooks
from gateway.people.active import ActivePeople
from gateway.storage.people.choices import signing_secret
from gateway.storage.people.notices import NoticeChoices, Notices
from standards.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.jobs.collecting import NoticeRegion
    from gateway.storage.people.notices import Notice
    from gateway.tasks.task import PersonTask

MAX_TRIES: Final = 10
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
NOTHING_LEFT: Final = "nothing was left to tell"


class Sender:
    """What sends the notices that are due."""

    def __init__(self, region: NoticeRegion) -> None:
        self._region, self._notices = region, Notices(region.store, region.clock)

    def send(self) -> int:
        """Send what is due now, as far as no other process does; return how many notices were sent.

        A notice that was sent by a process that died before it could note so is sent again: at least once.
        """
        due = self._notices.due()
        if not due:
            return 0
        given = self._region.settings().notices
        hooks = Webhooks(allow_private=given.allow_private, ca_file=given.ca_file)
        try:
            tasks = [one for one in self._region.tasks() if one.closed is None]
            return sum(self._send(one, tasks, hooks) for one in due)
        finally:
            hooks.close()

    def _send(self, notice: Notice, tasks: Sequence[PersonTask], hooks: Webhooks) -> bool:
        claimed = self._notices.claim(notice)
        if claimed is None:
            return False
        try:
            told = self._tell(claimed, tasks, hooks)
        except NotDelivered as error:
            self._fail(claimed, error)
            return False
        except GatewayError:
            raise  # the registry is away: the claim ends, and it is tried again
        except Exception as error:  # noqa: BLE001  whatever it is, the others are sent
            telemetry.fault(error)
            self._fail(claimed, NotDelivered(f"the gateway failed ({type(error).__name__})"))
            return False
        self._notices.note_sent(claimed, "" if told else NOTHING_LEFT)
        return told

    def _tell(self, notice: Notice, tasks: Sequence[PersonTask], hooks: Webhooks) -> bool:
        """Tell what a notice is about; False where nothing is left of it, or nobody who wants it."""
        if notice.kind == HEAD:
            return send_head(self._region, notice, hooks)
        if notice.kind == READY:
            return send_ready(self._region, notice, hooks)
        items, now = self._notices.items(notice), self._region.clock()
        left = [one for one in tasks if items & frozenset(items_of(one, now))]
        if notice.channel == MAIL:
            return self._mail(notice, left)
        org = notice.recipient.removeprefix(ORG_PREFIX)
        chosen = self._region.choices([org])[org]
        secret = signing_secret(self._region.store.engine, self._region.keys, org)
        left = [one for one in left if one.org == org]
        if not left or not chosen.webhook or secret is None:
            return False
        hooks.post(chosen.webhook, secret, notice.id, hook(org, lines(left, now), self._region.link(), now), now)
        return True

    def _mail(self, notice: Notice, tasks: Sequence[PersonTask]) -> bool:
        """Send a letter to a person who is still here, still has the role, and wants mail."""
        region, now = self._region, self._region.clock()
        server, people = region.settings().notices.mail, ActivePeople(region.store, region.clock, region.kinds)
        person = people.find(notice.recipient)
        if server is None:
            raise NotDelivered("no mail server is set")
        if person is None or person.actor.person in NoticeChoices(region.store, region.clock).without_mail():
            return False
        choices = region.choices(one.org for one in tasks)
        left = [one for one in tasks if wants_mail(person, one, choices)]
        if not left:
            return False
        told, urgent = lines(left, now), notice.kind == URGENT
        Mail(server).send(letter(notice.id, person.mail, person.language, told, region.link(), urgent=urgent), now)
        return True

    def _fail(self, notice: Notice, error: NotDelivered) -> None:
        """Note a failure: tried again after a pause that doubles, until it is given up."""
        again = None
        if not error.final and notice.tries < MAX_TRIES:
            pause = min(FIRST_PAUSE * 2 ** (notice.tries - 1), LONGEST_PAUSE)
            again = self._region.clock() + pause * random.uniform(0.75, 1.25)  # noqa: S311  no secret: it spreads tries
        self._notices.note_failed(notice, error.reason, again)
