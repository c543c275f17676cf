"""Health for monitors: whether the process lives, whether it is ready, and its numbers for whoever has the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest

from gateway import telemetry
from gateway.answers import PRIVATE
from gateway.district_status import StatusCollector
from standards.errors import NotFound, Unauthenticated

if TYPE_CHECKING:
    from gateway.assembly import Gateway
    from gateway.readiness import Readiness

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def blueprint(gateway: Gateway, readiness: Readiness, token: str | None) -> Blueprint:
    """The addresses ``/health``, ``/ready`` and, where a *token* is set and for whoever bears it, ``/metrics``."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def health() -> Response:
        """Whether the process answers; nothing about any district."""
        return jsonify(status="ok")

    @routes.get("/ready")
    def ready() -> Response:
        """Whether requests can be answered and recorded; nothing about any district, and not what is missing."""
        able = readiness.ready()
        response = jsonify(status="ready" if able else "not ready")
        response.status_code = 200 if able else 503
        return response

    @routes.get("/metrics")
    def metrics() -> Response:
        """Every number, in Prometheus's text format."""
        if not token:
            raise NotFound("There is no such address.")
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Unauthenticated("The numbers need the token of [metrics].")
        response = Response(exposition(gateway), content_type=TEXT)
        response.headers["Cache-Control"] = PRIVATE
        return response

    return routes


def exposition(gateway: Gateway) -> bytes:
    """The numbers of the process, and those of every district."""
    districts = CollectorRegistry()
    districts.register(StatusCollector(one.status() for one in gateway.districts.values()))
    return telemetry.exposition() + generate_latest(districts)
