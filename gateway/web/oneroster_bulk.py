"""OneRoster's bulk files over HTTP: one zip of all that a consumer may have, streamed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from gateway import telemetry
from gateway.engine.filter_conditions import instant
from gateway.reads.export import OPERATION, ExportRequest, export
from gateway.web.etags import PRIVATE
from gateway.web.responses import arguments, authenticate, trace_id
from standards.errors import GatewayError, MalformedQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.gateway import Gateway

ROOT = "/ims/oneroster/bulk"
VERSIONS = {"v1p1": "1.1", "v1p2": "1.2"}
NAME = "oneroster.zip"


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the route of the bulk files of each version, with and without a district's name in front."""
    routes = Blueprint("bulk", __name__)

    def files(version: str, district: str | None = None) -> Response:
        """Stream the bulk files of one version."""
        authorization = authenticate(gateway, district)
        telemetry.about(view=OPERATION)
        made = export(gateway, authorization, ExportRequest(version, district, _since(), trace_id()))
        pieces = made.archive()
        first = next(pieces)  # what fails at once can still become an error
        response = Response(chain((first,), _told(pieces)), content_type="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
        response.headers["Cache-Control"] = PRIVATE
        response.headers["X-Next-Since"] = made.moment
        return response

    for place, version in VERSIONS.items():
        for prefix in ("", "/<district>"):
            routes.add_url_rule(
                f"{prefix}{ROOT}/{place}/csv",
                f"{place}{prefix}",
                files,
                defaults={"version": version},
                strict_slashes=False,
            )
    return routes


def _since() -> str:
    """Return the moment after which changes are asked for; empty where all records are.

    Raises:
        MalformedQuery: it is given twice, or is not a timestamp.
    """
    given = [value for name, value in arguments() if name == "since"]
    if len(given) > 1:
        raise MalformedQuery("since", "The parameter since is given twice.")
    if given:
        instant(given[0], "since")
    return given[0] if given else ""


def _told(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same pieces; a failure on the way is logged, and breaks off what the client receives."""
    try:
        yield from pieces
    except Exception as error:  # noqa: BLE001  whatever it is, it breaks off what is sent
        telemetry.fault(error)
        raise GatewayError("The files were broken off.") from None  # the server may log it with its traceback
