"""Keys of a district for transfers: published, retired and revoked, and thumbprints to compare by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from flask import render_template, request, url_for

from gateway.admin.confirming import Confirming
from gateway.admin.transfers.keys import TransferKeys
from gateway.admin.transfers.office import KEYS
from gateway.console.agreements.forms import ReasonedForm
from gateway.console.page import actor, page, region
from gateway.console.transfers.forms import KeyForm
from gateway.console.transfers.office import blueprint, decided, district_name, done, office, places
from gateway.console.transfers.words import KEY_STATES, KEY_USES
from gateway.console.wording import say
from gateway.transfers.sealing.errors import KeySetRefused
from gateway.transfers.sealing.key_set import KeyStatus, KeyUse
from standards.errors import InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from gateway.console.tables import State
    from gateway.console.wording import Later

GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as it is shown: its thumbprint in *groups* that can be read out, and until when it is valid."""

    kid: str
    groups: str
    use: Later
    state: State
    until: datetime | None
    pinned: tuple[str, ...]
    retires: bool
    revokes: bool


@page(blueprint, "/<district>/keys", KEYS)
def keys(district: str) -> str:
    """List the keys of a district, and those of another one to compare."""
    return _keys_page(district, KeyForm())


@page(blueprint, "/<district>/keys", KEYS, "POST", fresh=True)
def publish_key(district: str) -> Any:
    """Publish one more key."""
    form, place = KeyForm(), url_for("transfers.keys", district=district)

    def do() -> Response:
        try:
            outcome = office(TransferKeys, district).publish((form.jwk.data or "").encode(), form.reason.data or "")
        except KeySetRefused as refusal:
            raise InvalidBody(refusal.message, {"/jwk": [refusal.message]}) from refusal
        return done(outcome, say("The key is published. Tell the other districts its thumbprint by telephone."), place)

    return decided(form, "transfers/keys.html", do, place, **_around(district))


@page(blueprint, "/<district>/keys/<kid>/<any(retire, revoke):act>", KEYS, "GET", "POST", fresh=True)
def end_key(district: str, kid: str, act: str) -> Any:
    """Retire a key, or revoke it for ever."""
    form, place = ReasonedForm(), url_for("transfers.keys", district=district)
    service, retires = office(TransferKeys, district), act == "retire"
    service.one(kid)

    def do() -> Response:
        end = service.retire if retires else service.revoke
        outcome = end(kid, form.reason.data or "")
        return done(outcome, say("The key is retired.") if retires else say("The key is revoked."), place)

    title = say("Retire the key %(key)s") if retires else say("Revoke the key %(key)s")
    happens = (
        [say("Nothing new is signed or sealed with it. What was sealed to it before can still be opened.")]
        if retires
        else [say("From now on nothing that was signed or sealed with it is accepted.")]
    )
    lost = [] if retires else [say("A revoked key never comes back: publish another one.")]
    return decided(
        form, "confirm.html", do, place, title=title % {"key": kid[: 2 * GROUP]}, happens=happens, lost=lost,
        button=say("Retire it") if retires else say("Revoke it"), back_to=place,
    )  # fmt: skip


def _keys_page(district: str, form: KeyForm) -> str:
    return render_template("transfers/keys.html", form=form, **_around(district))


def _around(district: str) -> dict[str, Any]:
    """Return what the page of keys has beside the form."""
    others = [one for one in region().settings().transfers.districts if one != district]
    chosen = request.args.get("of", "")
    own = office(TransferKeys, district).listed()
    return {
        "district": district, "name": district_name(district), "places": places(district), "chosen": chosen,
        "proposals": [
            one for one in Confirming(region()).waiting(actor()) if one.action == KEYS and one.org == district
        ],
        "own": [_shown(one.key.kid, one.key.use, one.key.status, one.key.key, one.pinned_by) for one in own],
        "choosable": {one: district_name(one) for one in others},
        "other": district_name(chosen) if chosen in others else "",
        "others": _of(district, chosen) if chosen in others else [],
    }  # fmt: skip


def _of(district: str, other: str) -> list[ShownKey]:
    """Return the keys that another district publishes; none where it has published nothing."""
    try:
        found = office(TransferKeys, district).key_set(other)
    except NotFound:
        return []
    return [_shown(one.kid, one.use, one.status, one.as_jwk(), ()) for one in found.keys]


def _shown(kid: str, use: str, status: str, jwk: Mapping[str, Any], pinned: tuple[str, ...]) -> ShownKey:
    ends = jwk.get("exp")
    return ShownKey(
        kid, " ".join(kid[at : at + GROUP] for at in range(0, len(kid), GROUP)), KEY_USES[KeyUse(use)],
        KEY_STATES[KeyStatus(status)], datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) else None, pinned,
        status == KeyStatus.ACTIVE, status != KeyStatus.REVOKED,
    )  # fmt: skip
