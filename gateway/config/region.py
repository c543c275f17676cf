"""The region and its districts as settings describe them, checked and complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.config.notices import NoticeSettings
from gateway.config.sign_in import SignInSettings
from gateway.config.transfers import TransferSettings
from gateway.storage import secrets
from gateway.storage.bounded_calls import MAX_CALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

    from gateway.config.declared_facts import DeclaredFact
    from gateway.storage.people.uploads import DistrictUploads


@dataclass(frozen=True, slots=True)
class Server:
    """The address listened on, and the limits of connections, requests and waiting."""

    host: str
    port: int
    public_url: str | None
    trusted_proxies: tuple[str, ...]
    threads: int
    threads_per_district: int = 4
    wait: timedelta = timedelta(seconds=2)
    client_timeout: timedelta = timedelta(seconds=30)
    upload_bytes: int = 64 << 20
    browser_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """The lifetime of a token, and how many a client may have at once."""

    life: timedelta
    per_client: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The rates of requests; an empty rate is no limit."""

    client: str
    district: str
    failures: str
    address_failures: str


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """The folder of the audit log, and for how many years it keeps what is about no student."""

    folder: Path
    segment_bytes: int
    refusal_years: int = 7


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """The folder of the change logs, and for how long they keep tombstones."""

    folder: Path
    window: timedelta


@dataclass(frozen=True, slots=True)
class DistrictSettings:
    """One district: its adapter, the adapter's own settings, and how long its data may be cached.

    One that people connected in the registry is *written*; its *uploads* are there where its settings say so.
    """

    name: str
    adapter: str
    cache: timedelta
    ids: str
    timezone: tzinfo
    settings: Mapping[str, Any] = field(repr=False)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    school_years: tuple[int, ...] = ()
    descriptors: tuple[str, ...] = ()
    loss: Mapping[str, float] = field(default_factory=dict)
    default_category: str = ""
    record_years: int | None = None
    set_aside: Mapping[str, float] = field(default_factory=dict)
    unresolved: Mapping[str, float] = field(default_factory=dict)
    registers: tuple[DeclaredFact, ...] = ()
    uploads: DistrictUploads | None = None
    written: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """One region, as its operator configured it; every path is absolute. *keep_entries* is for after their end.

    Districts that people connected in the registry are among its *districts*, unless it is *unread*, for that reason.
    """

    file: Path
    state: Path
    agreements: Path
    server: Server
    store_url: str = field(repr=False)
    memory_url: str = field(repr=False)
    audit: AuditSettings
    changes: ChangeSettings
    tokens: TokenSettings
    limits: LimitSettings
    master_key: str | None
    districts: Mapping[str, DistrictSettings]
    metrics_token: str | None = field(default=None, repr=False)
    keep_entries: timedelta = timedelta(days=2557)
    approvals: str = "off"
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    transfers: TransferSettings = field(default_factory=TransferSettings)
    warnings: tuple[str, ...] = ()
    unread: str = ""
    store_wait: timedelta = timedelta(seconds=MAX_CALL_SECONDS)

    @property
    def must_be_signed(self) -> bool:
        """Whether agreements release nothing before both parties have signed them."""
        return self.approvals == "required"

    @property
    def zones(self) -> Mapping[str, tzinfo]:
        """Return the time zone of each district, which decides what day it is there."""
        return {name: one.timezone for name, one in self.districts.items()}

    def open_keys(self) -> secrets.Keys:
        """Open the region's keys; without a configured master key one is made in the state directory."""
        return secrets.open_keys(self.master_key, self.state, self.file.parent)
