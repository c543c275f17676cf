"""A small region for tests: a registry in a folder, a memory, and a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Flask

from gateway.audit.last_refusals import LastRefusals
from gateway.auth.callers import Callers
from gateway.auth.client_secrets import new_secret
from gateway.auth.oauth1 import Verifier
from gateway.auth.oauth1_secrets import new_shared_secret
from gateway.auth.rate_limits import RateLimits as Counters
from gateway.config.settings import AuditSettings, ChangeSettings, LimitSettings, Server, Settings, TokenSettings
from gateway.storage.registry import Client, Secret, SqlStore, open_store
from gateway.storage.shared_memory import LocalMemory, Memory
from gateway.web import oauth
from policies.compiler import Grants

if TYPE_CHECKING:
    from pathlib import Path

    from policies.agreement import Agreement

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
KEY = b"k" * 32


@dataclass
class Clock:
    """The time it is, until a test moves it."""

    now: datetime = START
    passed: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.passed += seconds

    def set_by(self, seconds: float) -> None:
        """Let somebody set the clock, which lets no time pass."""
        self.now += timedelta(seconds=seconds)


def make_settings(folder: Path) -> Settings:
    """Settings as an empty file would make them."""
    return Settings(
        file=folder / "gateway.toml",
        state=folder / "state",
        agreements=folder / "agreements",
        server=Server("127.0.0.1", 8080, None, (), 8),
        store_url=f"sqlite:///{folder}/state/registry.db",
        memory_url="",
        audit=AuditSettings(folder / "state" / "audit", 2**20),
        changes=ChangeSettings(folder / "state" / "journals", timedelta(days=30)),
        tokens=TokenSettings(timedelta(minutes=30), 15),
        limits=LimitSettings("12000/minute", "", "10/minute", "100/minute"),
        master_key=None,
        districts=MappingProxyType({}),
    )


@dataclass
class Region:
    """One client named ``tutor``, and the endpoints it meets."""

    folder: Path
    memory: Memory = field(default_factory=LocalMemory)
    settings: Settings = None  # type: ignore[assignment]
    clock: Clock = field(default_factory=Clock)
    agreements: tuple[Agreement, ...] = ()

    def __post_init__(self) -> None:
        self.settings = self.settings or make_settings(self.folder)
        self.store: SqlStore = open_store(self.settings.store_url, self.clock)
        counters = Counters(self.settings.limits, self.settings.memory_url)
        self.verifier = Verifier(self.store, self.memory, counters, KEY, self.clock)
        self.callers = Callers(self.store, self.memory, self.clock, self.verifier, lambda: self.clock.passed)
        self.app = Flask("region")
        self.refusals = LastRefusals(KEY, lambda: self.clock().timestamp())
        grants = Grants(self.agreements, self.clock)
        self.app.register_blueprint(
            oauth.blueprint(self.store, self.memory, self.clock, self.settings, counters, grants, self.refusals)
        )
        self.web = self.app.test_client()
        self.secret = self.add("tutor", ("edfi:read", "edfi:readchanges"))

    def add(self, client_id: str, scopes: tuple[str, ...]) -> str:
        """Register a client; its secret."""
        secret, trace = new_secret()
        self.store.add_client(Client(client_id, "Reading Partners", "cbo", scopes, (Secret(trace),), START, "ana"))
        return secret

    def share(self, client_id: str, until: datetime | None = None, key: bytes = KEY) -> str:
        """Let a client sign; its secret."""
        secret, kept = new_shared_secret(key, client_id, until or self.clock() + timedelta(days=1))
        self.store.share_secret(client_id, kept, "ana")
        return secret

    def ask(
        self, path="/oauth/token", *, basic=("tutor", None), json=None, headers=None, environ=None, query="", **form
    ):
        """A request to a token endpoint; by default as the tutor, by Basic."""
        auth = None if basic is None else (basic[0], self.secret if basic[1] is None else basic[1])
        body = {"json": json} if json is not None else {"data": form or {"grant_type": "client_credentials"}}
        return self.web.post(path + query, auth=auth, headers=headers, environ_overrides=environ, **body)

    def token(self, **asked) -> str:
        """A token for the tutor."""
        answer = self.ask(**asked)
        assert answer.status_code == 200, answer.json
        return answer.json["access_token"]

    def close(self) -> None:
        self.store.close()
        self.memory.close()
