"""Every setting, described once: its name, its type, its default, and a sentence about it."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from adapters.notes import USER
from gateway.config.declared_facts import DeclaredFactSchema
from gateway.config.districts.options import OPTIONS
from gateway.config.field_types import Duration, Rate, Timezone
from gateway.config.load_limits import DEFAULT, NEVER
from gateway.config.notices import NoticesSchema
from gateway.config.sign_in import SignInSchema
from gateway.config.toml.schema_mistakes import guessed
from gateway.config.transfers import TransfersSchema
from gateway.storage.bounded_calls import MAX_CALL_SECONDS
from standards import native, vocabulary
from standards.edfi.from_oneroster.default_descriptors import URI as DESCRIPTOR
from standards.edfi.model.model import resources
from standards.fields import fields_of
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Callable

RESERVED = frozenset(
    [
        "admin",
        "changequeries",
        "console",
        "data",
        "docs",
        "gateway",
        "health",
        "identity",
        "ims",
        "metadata",
        "metrics",
        "oauth",
        "once",
        "ready",
        "static",
        "transfers",
    ]
)


WRONG_YEAR: Final = "write a school year as 2027"
WRONG_YEARS: Final = "must be between 1 and 100"
DISTRICT_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""What a district may be called."""


def _check_network(value: str) -> None:
    try:
        ip_network(value)
    except ValueError:
        raise ValidationError("write an address or a network, such as 10.0.0.0/8") from None


def _check_district(value: str) -> None:
    if not DISTRICT_NAME.fullmatch(value):
        raise ValidationError("a district's name has small letters, digits and hyphens, and starts with a letter")
    if value in RESERVED:
        raise ValidationError("this word begins an address of the gateway itself; choose another name")


def _check_descriptor(value: str) -> None:
    found = DESCRIPTOR.fullmatch(value)
    known = resources().get(found[2]) if found else None
    if known is None or not known.is_descriptor:
        raise ValidationError("write a descriptor of the standard as uri://maple.example.org/SexDescriptor#X")


def _check_held(value: str) -> None:
    known = {entity.name for entity in vocabulary.entities().values() if entity.held} | {DEFAULT}
    if value not in known and not value.endswith("Descriptors"):
        raise ValidationError(guessed("no entity of this name is cached", value, known))


def _check_set_aside(value: str) -> None:
    if value in NEVER:
        raise ValidationError("no row of this entity is ever set aside, since everything hangs on it")
    known = {*vocabulary.entities(), *native.entities(), USER, DEFAULT} - NEVER
    if value not in known and not value.endswith("Descriptors"):
        raise ValidationError(guessed("there is no entity of this name", value, known))


def _check_reference(value: str) -> None:
    known = {f"{name}.{field.name}" for name in vocabulary.entities() for field in fields_of(name).values()}
    known |= {f"{file.removesuffix('.csv')}.{name}" for file, name in specification.references()} | {DEFAULT}
    if value not in known and not value.startswith("edfi."):
        raise ValidationError(guessed("there is no reference of this name", value, known))


def _shares(check: Callable[[str], None], name: str) -> fields.Dict:
    """Return shares between 0 and 1 by a name that *check* knows."""
    wrong = "write a share between 0 and 1"
    share = fields.Float(
        validate=validate.Range(0, 1, error=wrong), error_messages={"invalid": wrong, "special": wrong}
    )
    key = fields.String(validate=check)
    return fields.Dict(keys=key, values=share, load_default=dict, metadata=OPTIONS[name].metadata)


def _text(default: str | None, about: str, **more: Any) -> fields.String:
    return fields.String(load_default=default, metadata={"about": about}, **more)


def _number(default: int, least: int, most: int, about: str) -> fields.Integer:
    limits = validate.Range(least, most, error=f"must be between {least} and {most}")
    return fields.Integer(strict=True, load_default=default, validate=limits, metadata={"about": about})


class ServerSchema(Schema):
    """The address that the gateway listens on, and the limits of connections, requests and waiting."""

    host = _text("127.0.0.1", "The address to listen on.")
    port = _number(8080, 0, 65535, "The port to listen on; 0 takes any free one.")
    public_url = _text(
        None,
        "How callers reach the gateway, without a slash at the end; links in answers begin with it."
        " Without it they repeat the request's Host header only where that is the address listened on, a loopback name,"
        " or what a trusted proxy forwards as X-Forwarded-Host, and begin with the address listened on otherwise.",
        validate=validate.Regexp(r"https?://[^\s?#]+[^\s?#/]$", error="write it as https://gateway.example.org"),
    )
    trusted_proxies = fields.List(
        fields.String(validate=_check_network),
        load_default=list,
        metadata={"about": "Addresses or networks whose X-Forwarded headers are believed.", "item": "text"},
    )
    browser_origins = fields.List(
        fields.String(
            validate=validate.Regexp(
                r"https?://[a-z0-9.\[\]:-]+\Z", error="write an origin as https://app.example.org, in small letters"
            )
        ),
        load_default=list,
        metadata={
            "about": "Origins whose pages a browser lets ask the APIs and the token endpoint (CORS). Without any, none"
            " may: programs need no leave. A page that asks has a secret or a token that its reader can see.",
            "item": "text",
        },
    )
    threads = _number(
        8, 1, 256, "How many requests are answered at once; those that wait for a district's system are not counted."
    )
    threads_per_district = _number(
        4, 1, 64, "How many requests may wait for the system of one district at once; more wait without a thread."
    )
    wait = Duration(
        load_default=timedelta(seconds=2),
        metadata={"about": "How long a request may wait for another one's place at its district before it gets a 503."},
    )
    upload_bytes = _number(
        67_108_864,
        65_536,
        536_870_912,
        "The largest file that a signed-in person may upload for a district; it is held in memory, never on disk in"
        " clear. No other request may be so large.",
    )
    client_timeout = Duration(
        load_default=timedelta(seconds=30),
        validate=validate.Range(min=timedelta(seconds=1), error="must be at least 1s"),
        metadata={
            "about": "How long a client may take to send the head of a request, to send its body, and to take each"
            " piece of an answer; so long an idle connection is kept."
        },
    )


class StoreSchema(Schema):
    """The registry of clients."""

    url = _text(
        None,
        "`sqlite:///path`, `postgresql://user@host/name`, or a reference to a secret (`env:NAME`, `file:PATH`)"
        " that holds one. Without it the registry is `registry.db` in the state directory.",
    )
    wait = Duration(
        load_default=timedelta(seconds=MAX_CALL_SECONDS),
        validate=validate.Range(min=timedelta(seconds=1), error="the registry needs a second at least"),
        metadata={
            "about": "How long a call to the registry may take before the request that waits for it gets a 503; longer"
            " where its disk is slow or it is far away."
        },
    )


class MemorySchema(Schema):
    """Where access tokens and the counts of rate limits are kept."""

    url = _text(
        "",
        "`redis://host:port/number`, or a reference to a secret (`env:NAME`, `file:PATH`) that holds one."
        " Empty keeps them in the process, which is right for one worker only.",
    )


class AuditSchema(Schema):
    """The record of disclosures (audit log)."""

    folder = _text("audit", "The folder of the record; a relative path begins in the state directory.")
    segment_bytes = _number(67_108_864, 4096, 2**40, "A file of the record that has grown to this size is closed.")
    refusal_years = _number(7, 1, 100, "For how many years refusals and acts of administrators are kept.")


class ChangesSchema(Schema):
    """The change logs: what consumers that ask for changes were shown, sealed under the region's keys."""

    folder = _text("journals", "The folder of the change log; a relative path begins in the state directory.")
    window = Duration(
        load_default=timedelta(days=30),
        metadata={"about": "For how long a consumer can ask for tombstones and key changes."},
    )


class TokensSchema(Schema):
    """Access tokens."""

    life = Duration(load_default=timedelta(minutes=30), metadata={"about": "How long a token works."})
    per_client = _number(15, 1, 1000, "How many living tokens one client may have.")


class LimitsSchema(Schema):
    """Rate limits of requests."""

    client = Rate(load_default="12000/minute", metadata={"about": "Data requests of one client; empty for no limit."})
    district = Rate(load_default="", metadata={"about": "Data requests to one district; empty for no limit."})
    failures = Rate(
        load_default="10/minute",
        metadata={
            "about": "Failed token requests and signatures of one client from one address, before both must wait."
        },
    )
    address_failures = Rate(
        load_default="100/minute",
        metadata={
            "about": "Failed token requests and signatures from one address that are counted and cost the time of a "
            "hash; what fails beyond is refused at once, and keeps nobody else there waiting."
        },
    )


class MetricsSchema(Schema):
    """Prometheus metrics of the gateway and its districts, for a monitor (`/metrics`)."""

    token = _text(
        None,
        "A reference (`env:NAME`, `file:PATH`) to the bearer token, of at least 32 characters, with which a monitor"
        " asks for `/metrics`. Without it there is no such address.",
    )


class KeysSchema(Schema):
    """Secrets of the gateway itself."""

    master = _text(
        None,
        "A reference (`env:NAME`, `file:PATH`) to at least 32 bytes in hex or base64, from which every key is"
        " derived. Without it a key file is made in the state directory.",
    )


class DistrictSchema(Schema):
    """One district that provides data."""

    adapter = fields.String(
        required=True, metadata={"about": "The adapter that speaks to its system; see `crossing adapters`."}
    )
    cache = Duration(
        load_default=timedelta(minutes=15),
        metadata={"about": "How long a snapshot of its roster may be kept in memory; `0` asks its system every time."},
    )
    ids = _text(
        "own",
        "Where outward ids come from: `own` keeps those of the source, or derives them from its natural keys.",
        validate=validate.OneOf(("own",), error="must be one of: own"),
    )
    timezone = Timezone(
        load_default=UTC,
        metadata={
            "about": "Where its school days begin and end: by it an enrollment or a term is active today.",
            "default": "UTC",
        },
    )
    school_years = fields.List(
        fields.Integer(
            strict=True,
            validate=validate.Range(2000, 2099, error=WRONG_YEAR),
            error_messages={"invalid": WRONG_YEAR},
        ),
        load_default=list,
        metadata=OPTIONS["school_years"].metadata,
    )
    descriptors = fields.List(
        fields.String(validate=_check_descriptor), load_default=list, metadata=OPTIONS["descriptors"].metadata
    )
    default_category = fields.String(load_default="", metadata=OPTIONS["default_category"].metadata)
    record_years = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(1, 100, error=WRONG_YEARS),
        error_messages={"invalid": WRONG_YEARS},
        metadata=OPTIONS["record_years"].metadata,
    )
    loss = _shares(_check_held, "loss")
    set_aside = _shares(_check_set_aside, "set_aside")
    unresolved = _shares(_check_reference, "unresolved")
    settings = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"about": "What its adapter asks for; see its page."},
    )
    defaults = fields.Dict(keys=fields.String(), load_default=dict, metadata=OPTIONS["defaults"].metadata)
    registers = fields.List(
        fields.Nested(DeclaredFactSchema),
        load_default=list,
        metadata={
            "about": "Restrictions and consents that its system keeps itself, one table each.",
            "item": "tables",
        },
    )


class RegistersSchema(Schema):
    """Registers of consents and restrictions."""

    keep = Duration(
        load_default=timedelta(days=2557),
        metadata={"about": "How long an entry is kept after it has ended; then its deletion is a task."},
    )


class RegionSchema(Schema):
    """The whole file."""

    state = _text("state", "The state directory: registry, key file, record of disclosures.")
    agreements = _text("agreements", "The folder of agreements, one YAML document each.")
    approvals = _text(
        "off",
        "`required`: a version of an agreement releases nothing before both parties have signed it by keys that they"
        " registered, unless it only narrows one that they have; what they signed before stays in force until then."
        " `off`: whoever writes the folder decides. See [agreements.md](agreements.md#signing).",
        validate=validate.OneOf(("off", "required"), error="must be one of: off, required"),
    )
    server = fields.Nested(ServerSchema)
    store = fields.Nested(StoreSchema)
    memory = fields.Nested(MemorySchema)
    audit = fields.Nested(AuditSchema)
    changes = fields.Nested(ChangesSchema)
    tokens = fields.Nested(TokensSchema)
    limits = fields.Nested(LimitsSchema)
    metrics = fields.Nested(MetricsSchema)
    registers = fields.Nested(RegistersSchema)
    transfers = fields.Nested(TransfersSchema)
    keys = fields.Nested(KeysSchema)
    notices = fields.Nested(NoticesSchema)
    sign_in = fields.Nested(SignInSchema)
    districts = fields.Dict(
        keys=fields.String(validate=_check_district), values=fields.Nested(DistrictSchema), load_default=dict
    )
