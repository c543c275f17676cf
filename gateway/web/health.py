"""Health endpoints for monitors: liveness, readiness, and Prometheus metrics for whoever has the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, generate_latest

from gateway import telemetry
from gateway.districts.status import StatusCollector
from gateway.web.etags import PRIVATE
from standards.errors import NotFound, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.gateway import Gateway
    from gateway.readiness import Readiness

TEXT = "text/plain; version=0.0.4; charset=utf-8"


ALIVE = (200, b'{"status":"ok"}\n')
READY = (200, b'{"status":"ready"}\n')
NOT_READY = (503, b'{"status":"not ready"}\n')


def answers(readiness: Readiness) -> dict[str, Callable[[], tuple[int, bytes]]]:
    """Return the status and body of ``/health`` and ``/ready`` now, without asking any source."""
    return {"/health": lambda: ALIVE, "/ready": lambda: READY if readiness.ready() else NOT_READY}


def blueprint(gateway: Gateway, readiness: Readiness, token: str | None) -> Blueprint:
    """Build ``/health``, ``/ready`` and, where a *token* is set and for whoever bears it, ``/metrics``."""
    routes = Blueprint("health", __name__)
    known = answers(readiness)

    @routes.get("/health")
    def health() -> Response:
        """Tell that the process answers; nothing about any district."""
        return _json(*known["/health"]())

    @routes.get("/ready")
    def ready() -> Response:
        """Tell whether requests can be answered and recorded; nothing about any district, and not what is missing."""
        return _json(*known["/ready"]())

    @routes.get("/metrics")
    def metrics() -> Response:
        """Return every metric in Prometheus's text format."""
        if not token:
            raise NotFound("There is no such address.")
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Unauthenticated("The numbers need the token of [metrics].")
        response = Response(exposition(gateway), content_type=TEXT)
        response.headers["Cache-Control"] = PRIVATE
        return response

    return routes


def _json(status: int, body: bytes) -> Response:
    return Response(body, status, content_type="application/json")


def exposition(gateway: Gateway) -> bytes:
    """Render the metrics of the process and of every district."""
    districts = CollectorRegistry()
    districts.register(StatusCollector(one.status() for one in gateway.districts.values()))
    return telemetry.exposition() + generate_latest(districts)
