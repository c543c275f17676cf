"""The adoption of a general offer: a draft for another district that says the same, and names the offer by its hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from gateway.storage.content_store import Contents
from gateway.storage.durable_files import replace_file
from policies import canonical
from policies.agreement import DRAFTS, SETS, read
from policies.canonical import Expansion
from policies.comparison.offers import OWN, adopted_of, last_day
from policies.documents import loading
from policies.documents.written import SCHEME
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from policies.agreement import Agreement

NOT_SAME = "what its lines cover has changed since the offer was first used: the recipient must sign a new one"


def adopted(offer: Agreement, district: str, name: str, folder: Path, now: datetime) -> Agreement:
    """Write the draft called *name* of an agreement by which *district* adopts *offer*; return it.

    Raises:
        CallerError: it is no offer, or not one for this district any more, or there is such a draft already.
    """
    _check_offer(offer, district, now)
    path = folder / DRAFTS / f"{name}.yaml"
    if path.exists():
        raise CallerError(f"There is a draft {path.name} already.")
    path.parent.mkdir(mode=0o755, exist_ok=True)
    replace_file(path, "".join(_lines(_content(offer, district, name))).encode())
    found, mistakes = read(path, folder / SETS)
    draft = found and replace(found, expansion=_covered(found))
    if draft is None or adopted_of(draft, (offer,)) is None:
        path.unlink()
        raise CallerError(f"It cannot be adopted: {mistakes[0].message if mistakes else NOT_SAME}.")
    return draft


def _check_offer(offer: Agreement, district: str, now: datetime) -> None:
    if "offer" not in offer.terms:
        raise CallerError(f"{offer.id}@{offer.version} is not offered to other districts: it has no `offer`.")
    if offer.district == district:
        raise CallerError(f"{offer.id} is of {district} already.")
    if offer.today(now) > last_day(offer):
        raise CallerError(f"The offer {offer.id}@{offer.version} ended on {last_day(offer)}.")


def _content(offer: Agreement, district: str, name: str) -> dict[str, Any]:
    """Return the document of *offer* with what is the adopting district's own."""
    is_written = offer.file.startswith(SCHEME)
    written = orjson.loads(offer.text) if is_written else loading.read(Path(offer.file)).content
    terms = {key: value for key, value in written.items() if key not in {*OWN, "apiVersion", "approvals", "tests"}}
    parties = {**terms.pop("parties"), "provider": {"district": district}}
    adopts = {"offer": offer.id, "version": offer.version, "text": offer.digest}
    head = {"apiVersion": written["apiVersion"], "id": name, "version": 1, "parties": parties, "adopts": adopts}
    return {**head, **terms}


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Write a document as YAML whose every value is also JSON, so that none can be read as another."""
    for key, value in content.items():
        if key == "elements":
            yield f"{key}:\n"
            yield from (f"  - {loading.write(one)}\n" for one in value)
        else:
            yield f"{key}: {loading.write(value)}\n"


def _covered(one: Agreement) -> Expansion:
    now = canonical.expansion(one.lines)
    return Expansion(Contents.name(orjson.dumps(now, option=orjson.OPT_SORT_KEYS)), now)
