"""Settings of the agents in a district's own house: one file, apart from those of any gateway."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.transfers.sealing.key_files import read_private_key
from gateway.transfers.sealing.manifest import NAME, THUMBPRINT
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from joserfc.jwk import ECKey

FOLDER: Final = "folder"
"""The destination that is a folder of files, for a system without a way to write into it."""
ASK, NEW = COURSE_CHOICES = ("ask", "new")
MAX_SETTINGS_BYTES: Final = 1 << 20
NO_FILE: Final = "the settings cannot be read: write them, or name their file with --settings"
DEFAULT_EVERY_SECONDS: Final = 300

ONE_SIGNER: Final = "Name the keys by which it signs, or write gateway_signs = true, not both."
NO_SIGNERS: Final = "Put the thumbprints of the gateway's keys into signers under [gateway]."
GATEWAY_KEY: Final = "A key is among signers under [gateway], and is none of the sender's own."


def _text(about: str, **more: Any) -> fields.String:
    return fields.String(metadata={"about": about}, validate=validate.Length(min=1), **more)


def _name(about: str) -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(NAME), metadata={"about": about})


def _thumbprints(about: str) -> fields.List[Any]:
    whole = validate.Regexp(rf"\A{THUMBPRINT.pattern}\Z", error="write the thumbprint of a key, of 43 characters")
    return fields.List(fields.String(validate=whole), load_default=list, metadata={"about": about})


class GatewaySchema(Schema):
    """The gateway, as the agent reaches it."""

    url = _text("The address of the gateway's transfers, up to `/transfers/v1`.", required=True)
    token_url = _text("Where the gateway gives tokens.", required=True)
    client_id = _text("The client of the district that has the scope `transfer:receive`.", required=True)
    client_secret = _text("Its secret, as `env:NAME` or `file:PATH`.", required=True)
    signers = _thumbprints("The keys by which the gateway signs for the senders of `gateway_signs`.")
    allow_private = fields.Boolean(load_default=False, metadata={"about": "Whether plain http and private addresses."})
    ca_file = fields.String(load_default="", metadata={"about": "Certificates that the gateway's is checked against."})
    every = fields.Integer(
        load_default=DEFAULT_EVERY_SECONDS,
        validate=validate.Range(1, 86_400),
        metadata={"about": "Seconds between two looks of `crossing receive run`."},
    )


class PrivateKeysSchema(Schema):
    """The files of the district's private keys."""

    private = fields.List(
        fields.String(),
        load_default=list,
        validate=validate.Length(max=4),
        metadata={"about": "The keys to which records are sealed: the present one, and the one before."},
    )
    signing = _text("The key by which the district signs what it sends.", load_default=None)
    passphrase = _text("The passphrase of files in PEM, as `env:NAME` or `file:PATH`.", load_default=None)


class SenderSchema(Schema):
    """A district that sends records."""

    name = _text("How the registrar calls it; transcripts name it so.", required=True)
    keys = _thumbprints("The thumbprints of the keys by which it signs, as the agreement pins them.")
    gateway_signs = fields.Boolean(
        load_default=False, metadata={"about": "Instead of keys: whether it lets the gateway sign in its place."}
    )
    jwks = _text("A file of its public keys; without it the gateway is asked for them.", load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def _one_signer(self, data: Mapping[str, Any], **_more: Any) -> None:
        if bool(data["keys"]) == data["gateway_signs"]:
            raise ValidationError(ONE_SIGNER, "keys")


class DestinationSchema(Schema):
    """The district's own system."""

    adapter = _text("The adapter that writes into it, such as `edfi_ods`; `folder` where nothing can.", required=True)
    organization = fields.Integer(
        load_default=None, strict=True, metadata={"about": "The district's own educationOrganizationId there."}
    )
    courses = fields.String(
        load_default=ASK,
        validate=validate.OneOf(COURSE_CHOICES),
        metadata={"about": "Whether to ask which course a transferred one is, or to make a new one each time."},
    )
    folder = _text("The folder for what is filed as a document.", load_default=None)
    settings = fields.Dict(keys=fields.String(), load_default=dict, metadata={"about": "What the adapter asks for."})

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: Mapping[str, Any], **_more: Any) -> None:
        if data["adapter"] == FOLDER and not data["folder"]:
            raise ValidationError("Name the folder.", "folder")
        if data["adapter"] != FOLDER and data["organization"] is None:
            raise ValidationError("Say which organization the district is in its own system.", "organization")


class HouseSchema(Schema):
    """All settings of the agents."""

    district = _name("How the gateway calls the district.")
    state = _text("The folder in which the agent keeps what it must remember.", required=True)
    state_key = _text("32 bytes in hex, as `env:NAME` or `file:PATH`, that seal it.", load_default=None)
    gateway = fields.Nested(GatewaySchema, required=True)
    keys = fields.Nested(PrivateKeysSchema, load_default=lambda: PrivateKeysSchema().load({}))
    senders = fields.Dict(
        keys=fields.String(validate=validate.Regexp(NAME)), values=fields.Nested(SenderSchema), load_default=dict
    )
    destination = fields.Nested(DestinationSchema, load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def _pinned(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse a sender for whom no key counts, and a key of the gateway that is called a sender's own."""
        gateway = set(data["gateway"]["signers"])
        for name, one in data["senders"].items():
            if one["gateway_signs"] and not gateway:
                raise ValidationError(NO_SIGNERS, f"senders.{name}.gateway_signs")
            if gateway & set(one["keys"]):
                raise ValidationError(GATEWAY_KEY, f"senders.{name}.keys")


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """A district that sends records: its *name*, the *keys* of its own that are pinned, and where the public ones are.

    Only where *gateway_signs* does the signature of the gateway count for it.
    """

    name: str
    keys: frozenset[str]
    gateway_signs: bool = False
    jwks: Path | None = None


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """The system in which records are filed, and the *folder* for what is filed as a document."""

    adapter: str
    organization: int | None
    courses: str
    folder: Path | None
    settings: Mapping[str, Any] = field(repr=False, hash=False)

    @property
    def is_folder(self) -> bool:
        """Whether there is no system to write into."""
        return self.adapter == FOLDER


@dataclass(frozen=True, slots=True)
class HouseSettings:
    """The settings of the agents, read whole; what is secret is looked up when it is needed."""

    file: Path
    district: str
    state: Path
    state_key: str | None
    gateway: Mapping[str, Any] = field(repr=False, hash=False)
    keys: Mapping[str, Any] = field(repr=False, hash=False)
    senders: Mapping[str, SenderSettings] = field(hash=False)
    destination: DestinationSettings | None = None

    def secret(self, reference: str) -> str:
        """Return the secret behind ``env:NAME`` or ``file:PATH``."""
        return resolve(reference, self.file.parent)

    def private_key(self, name: str) -> ECKey:
        """Read a private key from the file *name*."""
        path, passphrase = self.file.parent / name, self.keys["passphrase"]
        return read_private_key(path, self.secret(passphrase).encode() if passphrase else None)

    def private_keys(self) -> tuple[ECKey, ...]:
        """Read the keys to which records are sealed.

        Raises:
            SettingsError: none is named.
        """
        if not self.keys["private"]:
            raise SettingsError("keys.private names no file of a private key", str(self.file))
        return tuple(map(self.private_key, self.keys["private"]))


def load(path: Path) -> HouseSettings:
    """Read the settings in the file at *path*.

    Raises:
        SettingsError: the file cannot be read, or says what it should not.
    """
    try:
        content = path.read_bytes()[:MAX_SETTINGS_BYTES].decode("utf-8")
        raw = tomllib.loads(content)
    except OSError:
        raise SettingsError(NO_FILE, str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings are no TOML: {error}", str(path)) from None
    try:
        return _settings(path, HouseSchema().load(raw))
    except ValidationError as error:
        first = next(_flat(error.messages))
        raise SettingsError(first, str(path)) from None


def resolve(reference: str, folder: Path) -> str:
    """Return the secret that *reference* names; its text never appears in an error."""
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        if found := os.environ.get(name):
            return found
        raise SettingsError(f"the environment variable {name} is not set")
    if scheme == "file" and name:
        try:
            return (folder / name).read_text("utf-8").strip()
        except (OSError, ValueError):
            raise SettingsError(f"the file {name} cannot be read") from None
    raise SettingsError("a secret is written env:NAME or file:PATH")


def _settings(path: Path, loaded: Mapping[str, Any]) -> HouseSettings:
    folder = path.parent
    senders = {
        name: SenderSettings(
            one["name"], frozenset(one["keys"]), one["gateway_signs"], folder / one["jwks"] if one["jwks"] else None
        )
        for name, one in loaded["senders"].items()
    }
    return HouseSettings(
        path, loaded["district"], folder / loaded["state"], loaded["state_key"], loaded["gateway"], loaded["keys"],
        senders, _destination(loaded["destination"], folder),
    )  # fmt: skip


def _destination(loaded: Mapping[str, Any] | None, folder: Path) -> DestinationSettings | None:
    if loaded is None:
        return None
    place = folder / loaded["folder"] if loaded["folder"] else None
    return DestinationSettings(
        loaded["adapter"], loaded["organization"], loaded["courses"], place, loaded["settings"]
    )  # fmt: skip


def _flat(messages: Any, place: str = "") -> Iterator[str]:
    """Yield each mistake with its place."""
    if isinstance(messages, dict):
        for name, some in messages.items():
            inner = name not in {"_schema", "value"}  # of one in a table marshmallow says that its value is wrong
            yield from _flat(some, f"{place}.{name}" if place and inner else place or str(name))
    else:
        yield from (f"{place}: {one}" for one in messages)
