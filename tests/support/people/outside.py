"""People of a gateway that runs in a process of its own, asking its administration API over HTTP."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from sqlalchemy import insert

from gateway.config.settings import load
from gateway.people.sessions import ACTIVE, COOKIE, Sessions
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people
from gateway.storage.registry import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.regions import Served

ENDS = timedelta(hours=1), timedelta(hours=1)


@dataclass
class Outside:
    """Somebody who is signed in to a gateway elsewhere, also after it was started again."""

    session: str

    def headers(self, served: Served) -> dict[str, str]:
        cookie = {"Cookie": f"{COOKIE}={self.session}"}
        answer = requests.get(f"{served.base}/admin/v1/session", headers=cookie, timeout=30)
        return cookie | {"X-CSRF-Token": answer.json()["csrfToken"]}

    def ask(self, served: Served, method: str, path: str, body: Any = None, data: bytes | None = None) -> Any:
        """Ask the administration API; return what it answers, which must be no refusal."""
        answer = self.send(served, method, path, body, data)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json() if answer.content else None

    def send(
        self, served: Served, method: str, path: str, body: Any = None, data: bytes | None = None
    ) -> requests.Response:
        headers = (
            self.headers(served) | {"If-Match": "*"} | ({"Content-Type": "application/octet-stream"} if data else {})
        )
        address = f"{served.base}/admin/v1{path}"
        return requests.request(method, address, json=body, data=data, headers=headers, timeout=60)


def come_in(served: Served, roles: Mapping[str, tuple[str, str]]) -> dict[str, Outside]:
    """Make a person of each name with that role (organisation, role), and sign it in."""
    settings, now, found = load(served.folder / "gateway.toml"), datetime.now(UTC), {}
    with closing(open_store(settings.store_url)) as store:
        for number, (name, (org, role)) in enumerate(roles.items()):
            mine = f"{number:032x}"
            row = {
                "id": mine, "mail": f"{name}@example.org", "name": name, "status": ACTIVE, "language": "en",
                "created": now, "created_by": "tests",
            }  # fmt: skip
            held = {"person": mine, "org": org, "role": role, "begins": now, "made_by": "tests", "kind": "district"}
            with transaction(store.engine, write=True) as connection:
                connection.execute(insert(people).values(row))
                connection.execute(insert(memberships).values(held))
            found[name] = Outside(Sessions(store, lambda: datetime.now(UTC), dict, lambda: ENDS).begin(mine, "passkey"))
    return found
