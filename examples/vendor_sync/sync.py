"""Keep a copy of a district's roster: read everything once over OneRoster 1.2, then only what has changed.

    CROSSING_CLIENT_SECRET=… python sync.py https://gateway.example.org/maple reading-partners-prod

Needs `requests` and nothing else. The state file holds ids and moments, never a name or another value of a person.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator  # noqa: TC003 -- to copy as it is
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

ROSTER = "/ims/oneroster/rostering/v1p2/"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
COLLECTIONS = ("users", "classes", "enrollments")
MAX_TRIES = 10
MAX_PAUSE_SECONDS = 3600
NOT_READY = "the gateway was not ready however often it was asked"
BAD_REQUEST, UNAUTHORIZED, CONFLICT, WAIT = 400, 401, 409, {429, 503}


class Interrupted(Exception):
    """The data or the agreement changed during a walk through pages, which has to begin again (409)."""


class TooLongAgo(Exception):
    """What is gone since the last time is known no more, and everything has to be read (400)."""


class Copy:
    """What is done with the records: put your own database here. This one only counts."""

    def __init__(self) -> None:
        self.changed, self.gone = set[str](), set[str]()

    def put(self, collection: str, record: dict[str, Any]) -> None:
        """Insert a record, or replace the one with its sourcedId; what comes again is the same."""
        self.changed.add(f"{collection}/{record['sourcedId']}")

    def remove(self, collection: str, sourced_id: str) -> None:
        """Remove a record that is gone, or that the agreement shows no longer."""
        self.gone.add(f"{collection}/{sourced_id}")


@dataclass
class Gateway:
    """The gateway, or one district of it, as one client sees it."""

    url: str
    client_id: str
    secret: str = field(repr=False)
    page_records: int = 1000

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("a secret is sent by https only")
        self._session = requests.Session()
        self._token = ""

    def get(self, address: str, params: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        """The answer to a request that bears a token; a new one where the old one has ended."""
        for _ in range(2):
            self._token = self._token or self._new_token()
            bearer = {"Authorization": f"Bearer {self._token}"}
            answer = self._send("GET", address, params=params, headers=bearer, **options)
            if answer.status_code != UNAUTHORIZED:
                return answer
            self._token = ""
        answer.raise_for_status()
        return answer

    def records(self, collection: str, conditions: str = "") -> Iterator[dict[str, Any]]:
        """Every record of a collection that the *conditions* hold for, page by page."""
        address = self.url + ROSTER + collection
        params: dict[str, Any] | None = {"limit": self.page_records} | ({"filter": conditions} if conditions else {})
        while address:
            answer = self.get(address, params)
            if answer.status_code == CONFLICT:
                raise Interrupted
            if answer.status_code == BAD_REQUEST and conditions:
                raise TooLongAgo
            answer.raise_for_status()
            yield from answer.json()[collection]
            address, params = answer.links.get("next", {}).get("url", ""), None  # the link has all parameters

    def _new_token(self) -> str:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        answer = self._send("POST", f"{self.url}/oauth/token", data=form, auth=(self.client_id, self.secret))
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _send(self, method: str, address: str, **options: Any) -> requests.Response:
        """The answer to a request, which is sent again for as long as the gateway says when (Retry-After)."""
        for tried in range(MAX_TRIES):
            answer = self._session.request(method, address, timeout=(10, 300), **options)
            if answer.status_code not in WAIT:
                return answer
            time.sleep(min(int(answer.headers.get("Retry-After") or 2**tried), MAX_PAUSE_SECONDS))
        raise TimeoutError(NOT_READY)


def synchronise(gateway: Gateway, collection: str, state: dict[str, Any], copy: Copy) -> dict[str, Any]:
    """Bring the *copy* of a collection up to date; the state to keep for the next time."""
    for _ in range(MAX_TRIES):
        with suppress(Interrupted):
            try:
                return (_changes if "since" in state else _everything)(gateway, collection, state, copy)
            except TooLongAgo:
                del state["since"]
    raise TimeoutError(NOT_READY)


def _changes(gateway: Gateway, collection: str, state: dict[str, Any], copy: Copy) -> dict[str, Any]:
    """Take what is new, different or gone since the last time. Some of it may be known: ``>=`` leaves nothing out."""
    state["ids"] = ids = set(state["ids"])  # in the state too, in case the walk has to begin again
    newest = state["since"]
    for record in gateway.records(collection, f"dateLastModified>='{state['since']}'"):
        sourced_id, newest = record["sourcedId"], max(newest, record["dateLastModified"])
        if record["status"] != "tobedeleted":
            copy.put(collection, record)
            ids.add(sourced_id)
        elif sourced_id in ids:
            copy.remove(collection, sourced_id)
            ids.remove(sourced_id)
    return {"since": newest, "ids": sorted(ids)}


def _everything(gateway: Gateway, collection: str, state: dict[str, Any], copy: Copy) -> dict[str, Any]:
    """Take every record, and let go of those that are there no more."""
    state["ids"] = known = set(state.get("ids", ()))  # likewise
    since, ids = "", set()
    for record in gateway.records(collection):
        copy.put(collection, record)
        ids.add(record["sourcedId"])
        known.add(record["sourcedId"])
        since = max(since, record["dateLastModified"])
    for sourced_id in known - ids:
        copy.remove(collection, sourced_id)
    return {"since": since, "ids": sorted(ids)} if ids else {}  # without a record there is no moment to ask from


def fetch_files(gateway: Gateway, target: Path, since: str) -> str:
    """Write the OneRoster files to *target*, whole or since a moment; the moment to send the next time."""
    address = f"{gateway.url}/ims/oneroster/bulk/v1p2/csv"
    with gateway.get(address, {"since": since or None}, stream=True) as answer:
        answer.raise_for_status()
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            part = Path(folder, "part.zip")
            with part.open("wb") as file:
                file.writelines(answer.iter_content(2**16))
            zipfile.ZipFile(part).close()  # a download that does not open as a zip is not whole, and goes no further
            part.replace(target)
        return answer.headers["X-Next-Since"]


def save(path: Path, state: dict[str, Any]) -> None:
    """Keep the *state*, whole or not at all, for nobody else to read."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as part:
        json.dump(state, part)
    Path(part.name).replace(path)


def main() -> None:
    """Synchronise every collection, or fetch the files, and say how much was new."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("url", help="the address of the gateway, with a district's name behind it or without")
    words.add_argument("client_id")
    words.add_argument("--state", type=Path, default=Path("sync-state.json"))
    words.add_argument("--files", type=Path, metavar="ZIP", help="fetch OneRoster files instead, into this file")
    given = words.parse_args()
    gateway = Gateway(given.url.rstrip("/"), given.client_id, os.environ["CROSSING_CLIENT_SECRET"])
    state = json.loads(given.state.read_text("utf-8")) if given.state.exists() else {}
    if given.files:
        state["files"] = fetch_files(gateway, given.files, state.get("files", ""))
        save(given.state, state)
        print(f"{given.files}: changes until {state['files']}")
        return
    for collection in COLLECTIONS:
        copy = Copy()
        state[collection] = synchronise(gateway, collection, state.get(collection, {}), copy)
        save(given.state, state)
        print(f"{collection}: {len(copy.changed)} new or changed, {len(copy.gone)} gone")


if __name__ == "__main__":
    main()
