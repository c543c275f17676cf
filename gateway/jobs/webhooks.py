"""Webhooks: JSON posted over https, signed with its id and time as Standard Webhooks has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.transport.http import Bounds, Http
from gateway.jobs.delivery import NotDelivered
from standards.errors import SourceError, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

BOUNDS: Final = Bounds(deadline=20.0, answer=15.0, connect=5.0, read=10.0, body=64 << 10, attempts=1, failures=1000)
PREFIX: Final = "whsec_"
GONE: Final = 410
"""The answer by which a receiver says that it wants no more (Standard Webhooks)."""


class Webhooks:
    """What posts to webhooks: to public addresses alone, unless those inside the house are allowed."""

    def __init__(self, *, allow_private: bool = False, ca_file: str = "") -> None:
        self._http = Http(BOUNDS, allow_private=allow_private, ca_file=ca_file)

    def post(self, url: str, secret: bytes, name: str, content: Mapping[str, Any], at: datetime) -> None:
        """Post a *content* under the id *name*, signed with *secret* *at* that moment.

        Raises:
            NotDelivered: it was not taken.
        """
        if not url.startswith("https://"):
            raise NotDelivered("the webhook is not https", final=True)
        body, when = orjson.dumps(content, option=orjson.OPT_SORT_KEYS), str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json", "User-Agent": "crossing-guard", "webhook-id": name,
            "webhook-timestamp": when, "webhook-signature": signature(secret, name, when, body),
        }  # fmt: skip
        try:
            status = self._http.send("POST", url, "webhook", self._http.deadline(), headers, body).status
        except SourceRefused:
            raise NotDelivered("the webhook's address is not allowed, or it sends elsewhere") from None
        except SourceError as error:
            raise NotDelivered(f"the webhook cannot be used ({type(error).__name__})") from None
        if not 200 <= status < 300:  # noqa: PLR2004  what says that it was taken
            raise NotDelivered(f"the webhook answered {status}", final=status == GONE)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()


def key_of(secret: str) -> bytes:
    """Return the bytes that a written *secret* stands for: base64 after ``whsec_`` (Standard Webhooks), else itself."""
    try:
        return (
            base64.b64decode(secret.removeprefix(PREFIX), validate=True)
            if secret.startswith(PREFIX)
            else secret.encode()
        )
    except ValueError:
        raise NotDelivered("the webhook's secret cannot be read", final=True) from None


def signature(secret: bytes, name: str, when: str, body: bytes) -> str:
    """Sign the id, the time and the body of a webhook."""
    signed = hmac.new(secret, f"{name}.{when}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
