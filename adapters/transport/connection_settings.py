"""Connection settings that every REST adapter has: the server's address, its credentials and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, fields, validate

from adapters.transport.http import Bounds, Http

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def text(about: str, default: str = "") -> fields.String:
    """Make a setting that is a text."""
    return fields.String(load_default=default, metadata={"description": about})


def required_text(about: str, **more: Any) -> fields.String:
    """Make a setting that is a text and must be given."""
    filled = validate.Length(min=1)
    return fields.String(required=True, validate=filled, metadata={"description": about, **more})


def secret(about: str) -> fields.String:
    """Make a setting for a secret, which settings refer to and never contain."""
    return fields.String(load_default="", metadata={"secret": True, "description": about})


def switch(about: str, *, default: bool = False, **more: Any) -> fields.Boolean:
    """Make a setting that is on or off."""
    return fields.Boolean(load_default=default, metadata={"description": about, **more})


def choice(about: str, options: Iterable[str], default: str) -> fields.String:
    """Make a setting that is one of several words."""
    one = validate.OneOf(tuple(options))
    return fields.String(load_default=default, validate=one, metadata={"description": about})


def names(about: str) -> fields.List[Any]:
    """Make a setting that is a list of names, empty where nothing is set."""
    return fields.List(fields.String(), load_default=list, metadata={"description": about})


def number(about: str, default: int, least: int = 1, most: int | None = None, **more: Any) -> fields.Integer:
    """Make a setting that is a whole number between bounds."""
    bounds = validate.Range(min=least, max=most)
    return fields.Integer(load_default=default, validate=bounds, metadata={"description": about, **more})


def seconds(about: str, default: float) -> fields.Float:
    """Make a setting that is a time in seconds; how long a district may be waited for is the operator's to say."""
    positive = validate.Range(min=0, min_inclusive=False)
    return fields.Float(load_default=default, validate=positive, metadata={"description": about, "operator": True})


DEADLINE: Final = "The seconds that one reading may take."
TIMEOUT: Final = "The seconds without a byte after which the server is given up."


class ConnectionSettings(Schema):
    """The settings of a connection: the server's address, its credentials and its limits."""

    url = required_text("The address of the server.")
    token_url = text("Where tokens are asked for.")
    client_id = text("The client of the gateway.")
    client_secret = secret("The secret of the client, as a reference.")
    writable = switch("Whether changes are passed on to the server.")
    page_size = number("How many documents to ask for at once.", 500)
    rows = number("More documents than this in one collection are refused.", 2_000_000, operator=True)
    deadline = seconds(DEADLINE, 300.0)
    timeout = seconds(TIMEOUT, 30.0)
    in_flight = number("How many requests may be under way at once.", 4, operator=True)
    allow_private = switch("Whether the server may be inside the house: a private address, plain http.", operator=True)
    ca_file = fields.String(
        load_default="",
        metadata={
            "path": True,
            "operator": True,
            "description": "Certificates that the server's is checked against, if its issuer is not public.",
        },
    )


def connect(settings: Mapping[str, Any]) -> Http:
    """Make the connections that *settings* allow."""
    bounds = Bounds(deadline=settings["deadline"], read=settings["timeout"], in_flight=settings["in_flight"])
    return Http(bounds, allow_private=settings["allow_private"], ca_file=settings["ca_file"])
