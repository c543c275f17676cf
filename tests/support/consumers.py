"""Consumers under different agreements, each with a whole gateway over a district of records."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from gateway.audit.log import Record
from gateway.audit.students.tags import FormerTags
from gateway.auth.callers import Callers
from gateway.auth.client_secrets import new_secret
from gateway.auth.oauth1 import Verifier
from gateway.auth.rate_limits import RateLimits
from gateway.auth.scopes import known_scopes
from gateway.cache.needed_fields import wanted_by
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.ledger import Ledger
from gateway.change_versions.journals import ClientLogs
from gateway.config.settings import LimitSettings as Rates
from gateway.districts.district import District
from gateway.gateway import Gateway
from gateway.paging.walks import Walks
from gateway.runtime import state
from gateway.storage.registry import Client, Secret, open_store
from gateway.storage.shared_memory import LocalMemory
from policies import agreement
from policies.compiler import Grants
from policies.testing.non_interference import Knowledge
from standards import registry
from standards.edfi.api.request import names
from standards.keys import Keyring
from standards.oneroster import model
from standards.oneroster.api.routes import APIS, routes
from standards.oneroster.resources.parts import service_of
from standards.pruning import prune
from standards.view import Native, Stamp, Value, paths
from tests.gateway.engine.source import RecordsAdapter, Whatever
from tests.gateway.small_region import make_settings
from tests.policies import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.config.load_limits import Shares
    from gateway.registers.effects.state import RegisterWatch
    from policies.grant import Grant
    from policies.testing.reference_visibility import Records
    from standards.view import View

ONEROSTER, EDFI = "/ims/oneroster/rostering/v1p2", "/data/v3/ed-fi"
TOLD = (
    "Content-Type",
    "X-Total-Count",
    "Total-Count",
    "Next-Page-Token",
    "Link",
    "ETag",
    "Cache-Control",
    "WWW-Authenticate",
    "Retry-After",
)
ROSTER = """
    organization.* allow
    session.* allow
    course.* allow
    offering.* allow
    section.* allow
    student.id allow
    student.name allow
    student.grades allow
    student.email allow
    enrollment.* allow
    placement.* allow
    teaching.* allow
    employment.* allow
    staff.id allow
    staff.name allow
    staff.email allow
"""
TUTORING = """
    organization.id allow
    organization.name allow
    organization.kind allow
    section.id allow
    section.title allow
    section.school allow
    section.terms allow
    session.id allow
    session.name allow
    session.kind allow
    student.id pseudonym
    student.name.given allow
    student.name.family initial
    student.birthDate year
    student.phone last4
    student.identifiers.type allow
    oneroster.users.metadata.m1 allow
    enrollment.id allow
    enrollment.student allow
    enrollment.school allow
    enrollment.grade allow
    enrollment.entry allow
    placement.id allow
    placement.student allow
    placement.section allow
    guardianship.id allow
    guardianship.student allow
    guardianship.contact allow
    contact.id allow
    contact.name.given allow
    edfi.restraintEvents.* allow
    edfi.restraintEvents.reasons deny
    edfi.reportCards.id allow
    edfi.reportCards.grades allow
    edfi.reportCards.studentReference allow
"""
ANALYTICS = """
    student.id pseudonym
    student.birthDate year
    student.sex allow
    student.race allow
    student.ethnicity allow
    student.address.postalCode zip3
    profile.id allow
    profile.student allow
    profile.organization allow
    organization.id allow
    organization.kind allow
    organization.identifier allow
    enrollment.id allow
    enrollment.student allow
    enrollment.school allow
    enrollment.grade allow
    enrollment.entry month
    placement.id allow
    placement.student allow
    placement.section allow
    section.id allow
    section.school allow
    section.subjects allow
    edfi.studentProgramEvaluations.id allow
    edfi.studentProgramEvaluations.evaluationDate month
    edfi.studentProgramEvaluations.studentReference allow
    edfi.studentProgramEvaluations.staffEvaluatorStaffReference allow
"""
ACTIVE = "{all: [{enrollment: active}]}"
TWO_SCHOOLS = '{all: [{school: {in: ["101", "102"]}}, {grade: {in: ["03", "04"]}}, {enrollment: active}]}'
CONSUMERS = {
    "rostering vendor": (ROSTER, ACTIVE),
    "tutoring organisation": (TUTORING, TWO_SCHOOLS),
    "analytics vendor": (ANALYTICS, ""),
    "everything but staff": ("* allow\nstaff deny", ""),
}


ANYTHING = Whatever()


class Changed:
    """Grants that are *changed* after they were compiled, for what agreements cannot say by themselves."""

    def __init__(self, grants: Grants, change: Callable[[Grant], Grant]) -> None:
        self._grants, self._change = grants, cache(change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._grants, name)

    def of(self, client: str, agreement: str = "", purpose: str = "") -> tuple[Grant, ...]:
        return tuple(map(self._change, self._grants.of(client, agreement, purpose)))

    def every(self, district: str) -> tuple[Grant, ...]:
        return tuple(map(self._change, self._grants.every(district)))


class Consumer:
    """A client with a token, and the gateway it asks; worlds can be exchanged behind it, as far as the *shares* let them."""

    def __init__(
        self,
        folder: Path,
        name: str,
        records: Records,
        shares: Shares = ANYTHING,
        registers: RegisterWatch | None = None,
        change: Callable[[Grant], Grant] | None = None,
    ) -> None:
        elements, population = CONSUMERS[name]
        self.name, self.records, self.time = name, records, documents.NOW.timestamp()
        folder.mkdir(parents=True)
        path = folder / "agreement.yaml"
        path.write_text(documents.text(elements, population, operations="[read, search, changes]"), "utf-8")
        grants = Grants([agreement.load(path)], lambda: documents.NOW)
        if change is not None:
            grants = Changed(grants, change)
        self.grant = grants.of(documents.CLIENT)[0]
        self.known = Knowledge(records, self.grant, documents.TODAY)
        settings = replace(make_settings(folder), limits=Rates("", "", "", ""))
        self.keyring = Keyring(b"a key for tests, of thirty-two b")
        self.adapter = RecordsAdapter(entities=self.known.entities)
        self.district = District(
            "maple",
            self.adapter,
            self.keyring,
            lambda: self.time,
            seconds=3600,
            wanted=wanted_by(grants.every("maple")),
            loss={"default": 1.0},
            shares=shares,
            registers=registers,
        )
        self.store, memory = open_store(settings.store_url, lambda: documents.NOW), LocalMemory()
        self.record = Record(settings.audit.folder, b"r" * 32)
        limits = RateLimits(settings.limits, "")
        verifier = Verifier(self.store, memory, limits, b"o" * 32, lambda: documents.NOW)
        callers = Callers(self.store, memory, lambda: documents.NOW, verifier)
        self.gateway = Gateway(
            districts={"maple": self.district}, grants=grants, callers=callers,
            keyring=self.keyring, record=self.record, ledger=Ledger(b"ledger of tests", lambda: self.time), walks=Walks(lambda: 0.0),
            limits=limits, clock=documents.NOW.timestamp,
        )  # fmt: skip
        self.forget()
        app = state.create_app(self.gateway, settings, self.store, memory, lambda: documents.NOW)
        self.web = app.test_client()
        self.headers = {"correlation-id": "asked by a test"} | self._token()
        self.load(records)

    def _token(self) -> dict[str, str]:
        secret, trace = new_secret()
        scopes = tuple(sorted(known_scopes()))
        self.store.add_client(
            Client(documents.CLIENT, "reading-partners", "cbo", scopes, (Secret(trace),), documents.NOW, "a test")
        )
        form = {"grant_type": "client_credentials"}
        answer = self.web.post("/oauth/token", data=form, auth=(documents.CLIENT, secret))
        return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def forget(self) -> None:
        """Replace the ledger and the change logs, so that nothing shown to the consumer before is remembered."""
        self.gateway.ledger = Ledger(b"ledger of tests", lambda: self.time)
        self.gateway.client_logs = ClientLogs(None, b"j" * 32, lambda: self.time)
        self.gateway.logs = ChangeLogs(None, b"c" * 32, lambda: self.time, FormerTags(self.keyring))

    def load(self, records: Records) -> None:
        """Replace the district's *records*, an hour later; page tokens end."""
        self.adapter.load((entity, dict(row)) for entity, rows in records.items() for row in rows)
        self.district._cached = None
        self.gateway.walks = Walks(lambda: 0.0)
        self.time += 3600

    def ask(self, question: str) -> tuple[Any, ...]:
        """Return all of an answer that a consumer can see: the status, the telling headers, the body."""
        path, _, match = question.partition(" If-None-Match ")
        headers = self.headers | ({"If-None-Match": match} if match else {})
        if path.endswith("/oauth/token_info"):
            token = self.headers["Authorization"].removeprefix("Bearer ")
            answer = self.web.post(path, headers=headers, json={"token": token})
        else:
            answer = self.web.get(path, headers=headers)
        return answer.status_code, *(answer.headers.get(name) for name in TOLD), answer.data

    def close(self) -> None:
        """Close what is open."""
        self.record.close()
        self.store.close()

    def questions(self, seed: int) -> dict[str, list[str]]:
        """Return the questions this consumer could ask, by kind of question."""
        asked: dict[str, list[str]] = {}
        ids: dict[tuple[str, str], list[str]] = {}
        for api in ("oneroster", "oneroster11", "edfi"):
            for view in registry.views(api).values():
                if any(self.records.get(branch.entity) for branch in view.branches):
                    pruned, place = prune(view, self.grant), f"{root_of(view)}/{view.name}"
                    random = Random(f"{seed} {view.name}{api.removeprefix('oneroster')}")
                    asked.setdefault("collection", []).append(place)
                    if pruned is not None:
                        mine = Questions(self, view, pruned, place, random)
                        for kind, found in mine.all().items():
                            asked.setdefault(kind, []).extend(found)
                        ids[api, view.name] = [quote(one, safe="") for one in mine.ids]
        asked["below"] = list(_below(ids, Random(f"{seed} below")))
        asked["collection"] += [
            f"{ONEROSTER}/shoes",
            f"{EDFI}/shoes",
            f"/maple{ONEROSTER}/users",
            f"/oak{EDFI}/students",
        ]
        return asked


def root_of(view: View) -> str:
    """Return the root of the API that shows a view."""
    roots = {"oneroster": f"/ims/oneroster/{service_of(view.name)}/v1p2", "oneroster11": "/ims/oneroster/v1p1"}
    return roots.get(view.api, EDFI)


def _below(ids: Mapping[tuple[str, str], list[str]], random: Random) -> Iterator[str]:
    """Yield the addresses below records that show, that do not, and that do not exist."""
    for version, api in APIS.items():
        for route in routes(version):
            if route.parents and route.operation.method == "GET":
                for _ in range(4):
                    chosen = iter([random.choice(ids.get((api, name), ["none"])) for name in route.parents])
                    path = re.sub(r"\{[^}]*\}", lambda _, chosen=chosen: next(chosen), route.operation.path)
                    yield model.edition(version).base_path(route.operation.service) + path


class Questions:
    """The questions that can be asked of one view."""

    def __init__(self, consumer: Consumer, view: View, pruned: View, address: str, random: Random) -> None:
        self.consumer, self.view, self.pruned, self.address, self.random = consumer, view, pruned, address, random
        limit = 500 if view.api == "edfi" else 1000
        body = orjson.loads(consumer.ask(f"{address}?limit={limit}")[-1])
        self.rows = body if isinstance(body, list) else next(iter(body.values()))
        self.ids = self._ids()

    def all(self) -> dict[str, list[str]]:
        """Return questions by kind."""
        asked = self._edfi() if self.view.api == "edfi" else self._oneroster()
        return asked | {"single": [f"{self.address}/{quote(one, safe='')}" for one in self.ids]}

    def _sample(self, some: list[str], most: int) -> list[str]:
        return self.random.sample(some, min(most, len(some)))

    def _ids(self) -> list[str]:
        """Return ids of rows that show, of rows that do not, and of nothing."""
        shown = [row.get("sourcedId") or row["id"] for row in self.rows]
        hidden: list[str] = []
        keyring, grant = self.consumer.keyring, self.consumer.grant
        for branch in self.pruned.branches:
            rows = [
                r for r in self.consumer.records[branch.entity] if r["key"] in self.consumer.known.unseen[branch.entity]
            ]
            made = keyring.outward_ids("maple", branch.entity, [row["key"] for row in rows])
            own = [row.get("id", one) for row, one in zip(rows, made, strict=True)]
            blocks = keyring.blocks("maple", branch.entity, own)
            hidden += own + keyring.pseudonyms(grant.client, blocks)
            hidden += [blocks[at : at + 16].hex() for at in range(0, len(blocks), 16)]
        return [*self._sample(shown, 2), *self._sample(hidden, 3), "nothing-of-the-kind"]

    def _members(self, view: View) -> dict[str, str]:
        found: dict[str, str] = {}
        for branch in view.branches:
            for path, chain in paths(branch.nodes):
                if not isinstance(chain[-1], Native | Stamp):
                    found.setdefault(path, chain[-1].type if isinstance(chain[-1], Value) else "text")
        return found

    def _oneroster(self) -> dict[str, list[str]]:
        members = self._members(self.pruned)
        hidden = [path for path in self._members(self.view) if path not in members]
        filters = []
        for path in self._sample(sorted(members), 12):
            for value in self._sample(sorted({str(one) for row in self.rows for one in _values(row, path)}), 2):
                text = ("true" if value == "True" else value).replace("'", "''")
                operator = self.random.choice(("=", "=", "!=", ">=", "<", "~"))
                filters.append(_query(self.address, filter=f"{path}{operator}'{text[:60]}'"))
        base = f"{self.address}?"
        sorts = [
            f"{base}sort={path}&orderBy={way}&limit=3"
            for path in self._sample(sorted(members), 4)
            for way in ("asc", "desc")
        ]
        odd = [*self._sample(hidden, 4), "shoeSize"]
        return {
            "filter": filters,
            "time": [_query(self.address, filter=f"dateLastModified{op}'{day}'") for op in (">", "<=") for day in DAYS],
            "sort": sorts,
            "page": [f"{base}limit={limit}&offset={offset}" for limit in (1, 2, 5) for offset in (0, 1, 4, 1000)],
            "fields": [f"{base}fields={path}" for path in self._sample(sorted(members), 4)],
            "error": [
                *(_query(self.address, filter=f"{name}='x'") for name in odd), *(f"{base}sort={name}" for name in odd),
                *(f"{base}fields={name}" for name in odd), f"{base}limit=0", f"{base}filter=%27", f"{base}offset=-1",
            ],
        }  # fmt: skip

    def _edfi(self) -> dict[str, list[str]]:
        members, known = self._members(self.pruned), names(self.view.name)
        filters = []
        for name, places in known.items():
            for path in places:
                values = (
                    sorted({str(one) for row in self.rows for one in _values(row, path)}) if path in members else []
                )
                filters += [
                    _query(self.address, **{name: value.replace("True", "true")}, totalCount="true")
                    for value in self._sample(values, 1)
                ]
        hidden = [name for name, places in known.items() if not any(path in members for path in places)]
        odd = [*self._sample(hidden, 4), "shoeSize"]
        base = f"{self.address}?"
        divided = f"{self.address}/partitions?number=3"
        tokens = orjson.loads(self.consumer.ask(divided)[-1])["pageTokens"]
        return {
            "filter": self._sample(filters, 12),
            "token": [divided, *(f"{base}pageToken={token}&pageSize={size}" for token in tokens for size in (1, 500))],
            "page": [
                f"{base}totalCount=true&limit={limit}&offset={offset}" for limit in (0, 1, 3) for offset in (0, 2)
            ],
            "changes": [f"{self.address}/deletes?totalCount=true", f"{self.address}/keyChanges",
                        f"{base}minChangeVersion=1&totalCount=true"],
            "error": [*(f"{base}{name}=7" for name in odd), f"{base}limit=501", f"{base}totalCount=maybe"],
        }  # fmt: skip


DAYS = ("2026-10-01T20:00:00Z", "2026-10-01T21:30:00Z", "2020-01-01")


def _query(address: str, **arguments: str) -> str:
    return f"{address}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())


def _values(record: Any, path: str) -> list[Any]:
    if isinstance(record, list):
        return [value for one in record for value in _values(one, path)]
    if not path:
        return [record] if isinstance(record, str | int | float) else []
    head, _, rest = path.partition(".")
    return _values(record[head], rest) if isinstance(record, dict) and head in record else []
