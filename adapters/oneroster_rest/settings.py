"""Settings of the adapter for a OneRoster server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError, fields, validates_schema

from adapters.oneroster.end_dates import end_dates
from adapters.oneroster_rest import profile as oneroster_profile
from adapters.transport import connection_settings as setting
from adapters.transport.credentials import Bearer, Granted, Signed
from adapters.transport.oauth1 import ALGORITHMS
from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Http

NEEDS: Final = {
    "oauth2": ("token_url", "client_id", "client_secret"),
    "oauth1": ("client_id", "client_secret"),
    "bearer": ("token",),
}


class ServerSettings(setting.ConnectionSettings):
    """The settings of a OneRoster server: its address, its credentials and its limits."""

    url = setting.required_text("The address before the base path, such as https://sis.example.org.")
    version = setting.choice("The version of OneRoster to ask for.", ("1.1", "1.2"), "1.2")
    profile = setting.choice("The vendor whose server it is.", oneroster_profile.names(), "generic")
    auth = setting.choice(
        "How the gateway shows who it is: oauth2, oauth1 (signed requests) or bearer.", NEEDS, "oauth2"
    )
    token_url = setting.text("Where oauth2 gets its tokens.")
    client_id = setting.text("The client (or consumer key) of the gateway.")
    scope = fields.String(
        load_default=None, metadata={"description": "The scopes to ask for; without it those needed."}
    )
    signature = setting.choice("How oauth1 signs.", ALGORITHMS, "HMAC-SHA256")
    token = setting.secret("The token of bearer, as a reference.")
    vendor_authorization = setting.secret(
        "What Infinite Campus wants besides for the gradebook (key:secret), as a reference."
    )
    writable = setting.switch(
        "Whether changes of the gradebook are passed on, where the vendor takes them; off from 1.0 on.", default=True
    )
    trust_modified = fields.Boolean(
        load_default=None,
        metadata={
            "description": "Whether the server sorts by an honest dateLastModified and counts, so that a roster that"
            " did not change is not read again; without it the profile says so."
        },
    )
    end_dates = end_dates(profiled=True)
    absent = setting.names("Collections that this server does not offer.")
    page_size = setting.number("How many documents to ask for at once; 0 leaves it to the profile.", 0, least=0)

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
    """Return the scopes that reading, and writing the gradebook, need; those of the standard that there are."""
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
    """Make the credentials that the *settings* ask for."""
    match settings["auth"]:
        case "bearer":
            return Bearer(settings["token"])
        case "oauth1":
            return Signed(settings["client_id"], settings["client_secret"], settings["signature"])
        case _:
            scope = settings["scope"]
            asked = scopes(settings["version"], writes=writes) if scope is None else scope
            return Granted(http, settings["token_url"], settings["client_id"], settings["client_secret"], asked)
