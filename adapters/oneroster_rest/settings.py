"""What an operator says about a district's OneRoster server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from adapters.oneroster.end_dates import end_dates
from adapters.oneroster_rest import profile as oneroster_profile
from adapters.transport.credentials import Bearer, Granted, Signed
from adapters.transport.oauth1 import ALGORITHMS
from standards.oneroster.api import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Http

NEEDS: Final = {
    "oauth2": ("token_url", "client_id", "client_secret"),
    "oauth1": ("client_id", "client_secret"),
    "bearer": ("token",),
}


def _secret(about: str) -> fields.String:
    return fields.String(load_default="", metadata={"secret": True, "description": about})


class ServerSettings(Schema):
    """Where the server is, how it is asked, and how much of it."""

    url = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"description": "The address before the base path, such as https://sis.example.org."},
    )
    version = fields.String(
        load_default="1.2",
        validate=validate.OneOf(("1.1", "1.2")),
        metadata={"description": "The version of OneRoster to ask for."},
    )
    profile = fields.String(
        load_default="generic",
        validate=validate.OneOf(oneroster_profile.names()),
        metadata={"description": "The vendor whose server it is."},
    )
    auth = fields.String(
        load_default="oauth2",
        validate=validate.OneOf(tuple(NEEDS)),
        metadata={"description": "How the gateway shows who it is: oauth2, oauth1 (signed requests) or bearer."},
    )
    token_url = fields.String(load_default="", metadata={"description": "Where oauth2 gets its tokens."})
    client_id = fields.String(load_default="", metadata={"description": "The client (or consumer key) of the gateway."})
    client_secret = _secret("The secret of the client, as a reference.")
    scope = fields.String(
        load_default=None, metadata={"description": "The scopes to ask for; without it those needed."}
    )
    signature = fields.String(
        load_default="HMAC-SHA256",
        validate=validate.OneOf(tuple(ALGORITHMS)),
        metadata={"description": "How oauth1 signs."},
    )
    token = _secret("The token of bearer, as a reference.")
    vendor_authorization = _secret("What Infinite Campus wants besides for the gradebook (key:secret), as a reference.")
    allow_private = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the server may be inside the house: a private address, plain http."},
    )
    ca_file = fields.String(
        load_default="",
        metadata={
            "path": True,
            "description": "Certificates that the server's is checked against, if its issuer is not public.",
        },
    )
    writes = fields.Boolean(
        load_default=True,
        metadata={"description": "Whether changes of the gradebook are passed on, where the vendor takes them."},
    )
    trust_modified = fields.Boolean(
        load_default=None,
        metadata={
            "description": "Whether the server sorts by an honest dateLastModified and counts, so that a roster that"
            " did not change is not read again; without it the profile says so."
        },
    )
    end_dates = end_dates(profiled=True)
    absent = fields.List(
        fields.String(), load_default=list, metadata={"description": "Collections that this server does not offer."}
    )
    page = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0),
        metadata={"description": "How many documents to ask for at once; 0 leaves it to the profile."},
    )
    rows = fields.Integer(
        load_default=2_000_000,
        validate=validate.Range(min=1),
        metadata={"description": "More documents than this in one collection are refused."},
    )
    deadline = fields.Float(
        load_default=300.0,
        validate=validate.Range(min=0, min_inclusive=False),
        metadata={"description": "The seconds that one reading may take."},
    )
    timeout = fields.Float(
        load_default=30.0,
        validate=validate.Range(min=0, min_inclusive=False),
        metadata={"description": "The seconds without a byte after which the server is given up."},
    )
    in_flight = fields.Integer(
        load_default=4,
        validate=validate.Range(min=1),
        metadata={"description": "How many requests may be under way at once."},
    )

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: Mapping[str, Any], **_more: Any) -> None:
        for name in NEEDS[data["auth"]]:
            if not data[name]:
                raise ValidationError(f"auth {data['auth']} needs it.", name)
        profile = oneroster_profile.find(data["profile"])
        if data["version"] not in profile.versions:
            raise ValidationError(f"{profile.title} is known to serve {', '.join(profile.versions)} only.", "version")
        for name, rule in profile.headers.items():
            if not data[rule["setting"]] and set(rule["services"]) - {"gradebook"}:
                raise ValidationError(f"{profile.title} wants the header {name}.", rule["setting"])


def scopes(version: str, *, writes: bool) -> str:
    """The scopes that reading, and writing the gradebook, need; those of the standard that there are."""
    edition = model.edition(version)
    wanted = [
        "roster.readonly",
        "roster-demographics.readonly",
        "resource.readonly",
        "gradebook.readonly",
        "assessment.readonly",
    ]
    if writes:
        wanted += ["gradebook.createput", "gradebook.delete", "assessment.createput", "assessment.delete"]
    known = {scope.rpartition("/")[2] for scope in edition.scopes}
    return " ".join(f"{edition.scope_prefix}{name}" for name in wanted if name in known)


def credentials(settings: Mapping[str, Any], http: Http, *, writes: bool) -> Credentials:
    """How requests show who asks, as the *settings* say."""
    match settings["auth"]:
        case "bearer":
            return Bearer(settings["token"])
        case "oauth1":
            return Signed(settings["client_id"], settings["client_secret"], settings["signature"])
        case _:
            scope = settings["scope"]
            asked = scopes(settings["version"], writes=writes) if scope is None else scope
            return Granted(http, settings["token_url"], settings["client_id"], settings["client_secret"], asked)
