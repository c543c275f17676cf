"""Heads of the record of disclosures, sent to their witnesses by the same ways as notices."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from gateway.audit.log import PURPOSE
from gateway.audit.tree_heads import TreeFile
from gateway.jobs.collecting import HEAD, MAIL, WEBHOOK
from gateway.jobs.delivery import Letter, NotDelivered
from gateway.jobs.mail import Mail
from gateway.jobs.texts import HEAD_SUBJECT
from gateway.jobs.webhooks import key_of
from gateway.storage.people.notices import Notice, Notices
from gateway.tasks.task import REGION
from gateway.translations.catalogues import SOURCE_LANGUAGE

if TYPE_CHECKING:
    from gateway.audit.tree_heads import SignedTree
    from gateway.config.notices import Witness
    from gateway.jobs.collecting import NoticeRegion
    from gateway.jobs.webhooks import Webhooks


def collect_heads(region: NoticeRegion) -> int:
    """Write down a notice to each witness whose time it is, if the record has grown; return how many that were."""
    given, found, now = region.settings().notices, Notices(region.store, region.clock), region.clock()
    if not given.witnesses or (head := _head(region)) is None:
        return 0
    made = 0
    for one in given.witnesses:
        to, item = _recipient(one), f"head:{head.head.size}"
        last = found.last(to, HEAD)
        if (last is None or now - last >= given.heads_every) and item not in found.told(to):
            name = hashlib.sha256(f"{to}\n{item}".encode()).hexdigest()[:40]
            made += found.add(Notice(name, HEAD, REGION, MAIL if one.mail else WEBHOOK, to, now, now), [item])
    return made


def send_head(region: NoticeRegion, notice: Notice, hooks: Webhooks) -> bool:
    """Send the newest signed head to the witness of a *notice*; False where it is a witness no more."""
    given, head, now = region.settings().notices, _head(region), region.clock()
    witness = next((one for one in given.witnesses if _recipient(one) == notice.recipient), None)
    if witness is None or head is None:
        return False
    if witness.webhook:
        content = {"type": "record.head", "timestamp": now.isoformat(timespec="seconds"), "data": head.told()}
        hooks.post(witness.webhook, key_of(witness.secret), notice.id, content, now)
        return True
    if given.mail is None:
        raise NotDelivered("no mail server is set")
    line = orjson.dumps(head.told(), option=orjson.OPT_SORT_KEYS).decode()
    text = (
        "Keep this line where nobody of the gateway's house can get at it; with a file of such lines"
        f"\ncrossing audit verify --witness FILE\nfinds a record that was shortened or changed.\n\n{line}\n"
    )
    Mail(given.mail).send(Letter(notice.id, witness.mail, HEAD_SUBJECT, text, SOURCE_LANGUAGE), now)
    return True


def _head(region: NoticeRegion) -> SignedTree | None:
    return TreeFile(region.settings().audit.folder, region.keys.derive(PURPOSE)).read()


def _recipient(witness: Witness) -> str:
    """Return by which name the registry knows a witness."""
    address = hashlib.sha256((witness.mail or witness.webhook).encode()).hexdigest()[:40]
    return f"witness:{address}"
