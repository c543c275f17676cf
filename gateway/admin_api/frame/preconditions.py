"""Preconditions (RFC 9110, 13): entity tags of single resources, and writes that hold for one state of them only."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from flask import request

from gateway.admin_api.frame.problems import PreconditionRequired
from standards.errors import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

NEEDED = "Send If-Match with the ETag of what you have read, or *: otherwise a change of somebody else could be lost."
CHANGED = "This has changed since you read it: read it again."


def etag_of(content: Mapping[str, Any]) -> str:
    """Return the strong entity tag of a resource as it is shown, without its quotes."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def require_header() -> None:
    """Refuse a write that does not say which state it is for.

    Raises:
        PreconditionRequired: it has no If-Match.
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired(NEEDED)


def check_match(content: Mapping[str, Any]) -> None:
    """Refuse a write for another state than the present one, which is shown as *content*.

    Raises:
        PreconditionFailed: If-Match names another state.
    """
    given = request.if_match
    if "If-Match" in request.headers and not (given.star_tag or given.contains(etag_of(content))):
        raise PreconditionFailed(CHANGED)


def named_tag(needed: str) -> str:
    """Return the one entity tag that If-Match names; empty where it names several, or weak ones.

    Raises:
        PreconditionRequired: there is none, or any state would do: *needed* says what to send.
    """
    given = request.if_match
    if "If-Match" not in request.headers or given.star_tag:
        raise PreconditionRequired(needed)
    tags = given.as_set()
    return str(*tags) if len(tags) == 1 else ""


def is_known(etag: str) -> bool:
    """Tell whether the reader has the very state that the *etag* names (If-None-Match)."""
    given = request.if_none_match
    return bool(given) and (given.star_tag or given.contains_weak(etag))
