"""What an operator says about a district's Ed-Fi ODS/API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

GRADEBOOK = ("gradebook_token_url", "gradebook_client_id", "gradebook_client_secret")


class OdsSettings(Schema):
    """Where the ODS is, how it is asked, and how much of it."""

    url = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={
            "description": "The address of the ODS/API, with tenant and school year where it has them, such as"
            " https://ods.example.org/v7.3/api."
        },
    )
    client_id = fields.String(
        required=True, validate=validate.Length(min=1), metadata={"description": "The key of the gateway."}
    )
    client_secret = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"secret": True, "description": "The secret of the gateway, as a reference."},
    )
    token_url = fields.String(
        load_default="", metadata={"description": "Where tokens are, if not where the ODS says, or on another host."}
    )
    resources = fields.List(
        fields.String(),
        load_default=list,
        metadata={
            "description": "The resources to read, such as students; without it all that the ODS shows this client."
        },
    )
    extensions = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether to ask the ODS, when the gateway starts, what its model has beyond the standard."
        },
    )
    writable = fields.Boolean(load_default=False, metadata={"description": "Whether changes are passed on to the ODS."})
    snapshot = fields.Boolean(
        load_default=False, metadata={"description": "Whether to read from the snapshot that the ODS keeps."}
    )
    page_size = fields.Integer(
        load_default=500,
        validate=validate.Range(min=2, max=5000),
        metadata={"description": "How many documents to ask for at once."},
    )
    rows = fields.Integer(
        load_default=5_000_000,
        validate=validate.Range(min=1),
        metadata={"description": "More documents than this in one resource are refused."},
    )
    allow_private = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether the ODS may be inside the house: a private address, plain http."},
    )
    gradebook_url = fields.String(
        load_default="",
        metadata={
            "description": "The address of a OneRoster 1.2 service beside the ODS, which keeps the gradebook and the"
            " resources and calls everything else by its id in the ODS."
        },
    )
    gradebook_token_url = fields.String(load_default="", metadata={"description": "Where that service's tokens are."})
    gradebook_client_id = fields.String(
        load_default="", metadata={"description": "The client of the gateway at that service."}
    )
    gradebook_client_secret = fields.String(
        load_default="",
        metadata={"secret": True, "description": "The secret of the gateway at that service, as a reference."},
    )
    ca_file = fields.String(
        load_default="",
        metadata={
            "path": True,
            "description": "Certificates that the server's is checked against, if its issuer is not public.",
        },
    )
    deadline = fields.Float(
        load_default=900.0,
        validate=validate.Range(min=0, min_inclusive=False),
        metadata={"description": "The seconds that one reading may take."},
    )
    timeout = fields.Float(
        load_default=60.0,
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
        for name in GRADEBOOK:
            if data["gradebook_url"] and not data[name]:
                raise ValidationError("A service at gradebook_url needs it.", name)


def gradebook(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the service beside the ODS; empty where there is none."""
    if not settings["gradebook_url"]:
        return {}
    own = {name.removeprefix("gradebook_"): settings[name] for name in ("gradebook_url", *GRADEBOOK)}
    shared = {name: settings[name] for name in ("allow_private", "ca_file", "deadline", "timeout", "in_flight")}
    return own | shared | {"writes": settings["writable"]}
