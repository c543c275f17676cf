"""Settings of notices: the mail server, what webhooks may reach, and who witnesses the heads of the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gateway.config.field_types import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Security = Literal["starttls", "tls", "none"]
ADDRESS: Final = r"[^\s@<>,;:\\\"]+@[^\s@<>,;:\\\"]+"
"""A mail address, without anything that would begin another address or another header."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server that notices go through."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who gets the signed heads of the record: an address for *mail*, or a *webhook* with its *secret*."""

    mail: str = ""
    webhook: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """How people and witnesses are told things; without *mail* nobody gets any."""

    mail: MailSettings | None = None
    allow_private: bool = False
    ca_file: str = ""
    heads_every: timedelta = timedelta(days=1)
    witnesses: tuple[Witness, ...] = ()


def _text(default: str, about: str, **more: Any) -> fields.String:
    return fields.String(load_default=default, metadata={"about": about}, **more)


_MAIL: Final = validate.Regexp(rf"({ADDRESS})?\Z", error="write one mail address")


class WitnessSchema(Schema):
    """Somebody outside who keeps the signed heads of the record, so that nobody can shorten or rewrite it unseen."""

    mail = _text("", "The mail address that heads are sent to.", validate=_MAIL)
    webhook = _text(
        "",
        "Or the https address that they are posted to.",
        validate=validate.Regexp(r"(https://[^\s#]+)?\Z", error="write it as https://witness.example.org/heads"),
    )
    secret = _text("", "With `webhook`: a reference (`env:NAME`, `file:PATH`) to the secret by which each is signed.")

    @validates_schema
    def check(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse a witness who cannot be told, or by both ways at once."""
        if bool(data["mail"]) == bool(data["webhook"]):
            raise ValidationError("name either mail or webhook", "mail")
        if data["webhook"] and not data["secret"]:
            raise ValidationError("a webhook is signed: refer to its secret", "secret")


class NoticesSchema(Schema):
    """Notices: mail and webhooks that say that a task waits, never a student's value; heads of the record."""

    host = _text("", "The mail server (SMTP). Without it nobody gets mail.")
    port = fields.Integer(
        strict=True,
        load_default=587,
        validate=validate.Range(1, 65535, error="must be between 1 and 65535"),
        metadata={"about": "Its port: 587 for `starttls`, 465 for `tls`."},
    )
    security = _text(
        "starttls",
        "`starttls`: nothing is sent before the connection is encrypted and the server's certificate proves its name."
        " `tls`: the same from the first byte. `none`: in clear, for a server in the same machine; never with a user.",
        validate=validate.OneOf(("starttls", "tls", "none"), error="must be one of: starttls, tls, none"),
    )
    user = _text("", "The name to sign in to the mail server with.")
    password = _text("", "A reference (`env:NAME`, `file:PATH`) to the password of `user`.")
    sender = _text("", "The address that mail comes from.", validate=_MAIL)
    ca_file = _text("", "A file of certificates to trust, for a mail server or webhooks inside the house.")
    allow_private = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"about": "Whether webhooks may go to addresses inside the house; they are https all the same."},
    )
    heads_every = Duration(
        load_default=timedelta(days=1),
        validate=validate.Range(min=timedelta(minutes=1), error="must be at least 1m"),
        metadata={"about": "How often witnesses are sent the signed head of the record, if it has grown."},
    )
    witnesses = fields.List(
        fields.Nested(WitnessSchema),
        load_default=list,
        metadata={"about": "Who is sent the heads of the record, one table each.", "item": "tables"},
    )

    @validates_schema
    def check(self, data: Mapping[str, Any], **_more: Any) -> None:
        """Refuse a mail server that is named by half, or whose user's password would go in clear."""
        if data["host"] and not data["sender"]:
            raise ValidationError("name the address that mail comes from", "sender")
        if bool(data["user"]) != bool(data["password"]):
            raise ValidationError("user and password go together", "user")
        if data["user"] and data["security"] == "none":
            raise ValidationError("a password is not sent in clear: choose starttls or tls", "security")


def notice_settings(
    loaded: Mapping[str, Any], folder: Path, secret: Callable[[tuple[str | int, ...], str], str]
) -> NoticeSettings:
    """Return the settings of the *loaded* table; *secret* opens the reference that stands at a place in it."""
    ca_file = str(folder / loaded["ca_file"]) if loaded["ca_file"] else ""
    mail = None
    if loaded["host"]:
        password = secret(("password",), loaded["password"]) if loaded["password"] else ""
        given = {name: loaded[name] for name in ("host", "port", "security", "sender", "user")}
        mail = MailSettings(**given, password=password, ca_file=ca_file)
    witnesses = tuple(
        Witness(
            one["mail"],
            one["webhook"],
            secret(("witnesses", place, "secret"), one["secret"]) if one["secret"] else "",
        )
        for place, one in enumerate(loaded["witnesses"])
    )
    return NoticeSettings(mail, loaded["allow_private"], ca_file, loaded["heads_every"], witnesses)
