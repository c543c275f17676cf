"""Settings of the adapter for an Ed-Fi ODS/API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, validates_schema

from adapters.transport import connection_settings as setting

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARED = ("writable", "allow_private", "ca_file", "deadline", "timeout", "in_flight")
GRADEBOOK = ("gradebook_token_url", "gradebook_client_id", "gradebook_client_secret")


class OdsSettings(setting.ConnectionSettings):
    """The settings of an ODS/API: its address, its credentials and its limits."""

    url = setting.required_text(
        "The address of the ODS/API, with tenant and school year where it has them, such as"
        " https://ods.example.org/v7.3/api."
    )
    token_url = setting.text("Where tokens are, if not where the ODS says, or on another host.")
    client_id = setting.required_text("The key of the gateway.")
    client_secret = setting.required_text("The secret of the gateway, as a reference.", secret=True)
    resources = setting.names("The resources to read, such as students; without it all that the ODS shows this client.")
    extensions = setting.switch(
        "Whether to ask the ODS, when the gateway starts, what its model has beyond the standard."
    )
    snapshot = setting.switch("Whether to read from the snapshot that the ODS keeps.")
    page_size = setting.number("How many documents to ask for at once.", 500, least=2, most=5000)
    rows = setting.number("More documents than this in one resource are refused.", 5_000_000, operator=True)
    deadline = setting.seconds(setting.DEADLINE, 900.0)
    timeout = setting.seconds(setting.TIMEOUT, 60.0)
    gradebook_url = setting.text(
        "The address of a OneRoster 1.2 service beside the ODS, which keeps the gradebook and the resources and calls"
        " everything else by its id in the ODS."
    )
    gradebook_token_url = setting.text("Where that service's tokens are.")
    gradebook_client_id = setting.text("The client of the gateway at that service.")
    gradebook_client_secret = setting.secret("The secret of the gateway at that service, as a reference.")

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: Mapping[str, Any], **_more: Any) -> None:
        for name in GRADEBOOK:
            if data["gradebook_url"] and not data[name]:
                raise ValidationError("A service at gradebook_url needs it.", name)


def gradebook(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the companion gradebook service; empty where there is none."""
    if not settings["gradebook_url"]:
        return {}
    own = {name.removeprefix("gradebook_"): settings[name] for name in ("gradebook_url", *GRADEBOOK)}
    return own | {name: settings[name] for name in SHARED}
