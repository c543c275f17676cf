"""Settings of signing in: local accounts, ends of sessions, OpenID providers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from gateway.config.field_types import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """A provider that tells who somebody is; it is believed for mail of its *domains*, and their organisations."""

    name: str
    title: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    domains: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """How people sign in, and when their sessions end."""

    local_accounts: bool = True
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=10)
    providers: tuple[OpenIdProvider, ...] = ()

    def provider(self, name: str) -> OpenIdProvider | None:
        """Find the provider of that name."""
        return next((one for one in self.providers if one.name == name), None)


def _text(default: str | None, about: str, **more: Any) -> fields.String:
    required: dict[str, Any] = {"required": True} if default is None else {"load_default": default}
    return fields.String(metadata={"about": about}, **required, **more)


class ProviderSchema(Schema):
    """An OpenID provider that tells who somebody is. What somebody may do is decided here, by roles."""

    name = _text(
        None,
        "Its name in addresses of the gateway; the provider sends people back to"
        " `PUBLIC_URL/console/sign-in/with/NAME/back`.",
        validate=validate.Regexp(r"[a-z][a-z0-9-]{0,39}\Z", error="use small letters, digits and hyphens"),
    )
    title = _text("", "What the button says; without it the name.", validate=validate.Length(max=60))
    issuer = _text(
        None,
        "Its issuer, exactly as it writes it; `/.well-known/openid-configuration` is read below it.",
        validate=validate.Regexp(r"https?://[^\s?#]+\Z", error="write it as https://login.example.org"),
    )
    client_id = _text(None, "The id under which the gateway is registered there.")
    client_secret = _text(None, "A reference to the secret (`env:NAME`, `file:PATH`).")
    domains = fields.Dict(
        keys=fields.String(validate=validate.Regexp(DOMAIN, error="write a domain in small letters")),
        values=fields.String(),
        load_default=dict,
        metadata={
            "about": "Mail domains for which it is believed, each with the organisation whose invitations it may be"
            ' used for, or "" for any. Without any it is believed for all mail.'
        },
    )
    allow_private = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        metadata={"about": "Whether its address may be one inside the house, or plain http."},
    )


class SignInSchema(Schema):
    """How people sign in to the console."""

    local_accounts = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=True,
        metadata={
            "about": "Whether people may sign in by passkeys, or passwords with one-time codes, kept here."
            " `false` leaves the providers below."
        },
    )
    idle = Duration(
        load_default=timedelta(minutes=30),
        validate=validate.Range(min=timedelta(minutes=1), error="must be at least 1m"),
        metadata={"about": "A session ends when nothing was asked in it for so long."},
    )
    longest = Duration(
        load_default=timedelta(hours=10),
        validate=validate.Range(min=timedelta(minutes=1), error="must be at least 1m"),
        metadata={"about": "A session ends after so long, whatever is asked in it."},
    )
    providers = fields.List(
        fields.Nested(ProviderSchema),
        load_default=list,
        metadata={"about": "OpenID providers, one table each.", "item": "tables"},
    )


def sign_in_settings(loaded: Mapping[str, Any], secret: Callable[[int, str], str]) -> SignInSettings:
    """Return the settings of the *loaded* table; *secret* opens the reference of the provider in that place."""
    providers = tuple(
        OpenIdProvider(
            **one
            | {
                "title": one["title"] or one["name"],
                "client_secret": secret(place, one["client_secret"]),
                "domains": MappingProxyType(one["domains"]),
            }
        )
        for place, one in enumerate(loaded["providers"])
    )
    return SignInSettings(loaded["local_accounts"], loaded["idle"], loaded["longest"], providers)
