"""Telemetry: logs and metrics that cannot contain a student's value."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog
from flask import has_request_context, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway import correlation_ids
from gateway.failure_reasons import Reason, kind_of, raised

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from flask import Response

# The keys of a log line. A value under any other name is dropped and counted.
KEYS = frozenset(
    {
        "adapter",
        "client",
        "code",
        "correlation",
        "count",
        "district",
        "entity",
        "error",
        "event",
        "kind",
        "level",
        "logger",
        "method",
        "milliseconds",
        "place",
        "raised",
        "reason",
        "route",
        "rows",
        "status",
        "timestamp",
        "trace",
        "view",
    }
)
WORDS = re.compile(r"[A-Za-z][A-Za-z -]{0,79}")
SENTENCE = re.compile(r"[a-z][a-z ]{0,79}")
WORD = re.compile(r"[A-Za-z0-9_.:/+@-]{1,120}")
PLACE = re.compile(r"[A-Za-z0-9_.:/\[\]?-]{1,200}")
ROUTE = re.compile(r"[A-Za-z0-9_.:/<>-]{1,200}")
CORRELATION = re.compile(r"[0-9a-fA-F-]{16,64}")
"""Ids that a caller chose are logged where they look like generated ones: hexadecimal, as UUIDs and trace ids are."""

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
STARTED, TRACE = "crossing.started", "crossing.trace"
ABOUT = {name: f"crossing.{name}" for name in ("view", "district", "client", "code")}

metrics = CollectorRegistry()
_requests = Counter("crossing_requests", "Requests answered.", ["view", "status", "district"], registry=metrics)
_seconds = Histogram("crossing_request_seconds", "How long answers took.", ["view"], registry=metrics)
_ignored = Counter(
    "crossing_ignored_members", "Members of Ed-Fi bodies that were ignored.", ["client", "view"], registry=metrics
)
_faults = Counter("crossing_faults", "Faults of the gateway itself.", ["error"], registry=metrics)
_dropped = Counter("crossing_log_values_dropped", "Log values that were not on the list.", registry=metrics)
_refused_since = Gauge(
    "crossing_reload_failed_since",
    "Since when, in seconds since 1970, the files on disk are not the ones that serve; 0 while they are.",
    registry=metrics,
)
_withheld = Gauge("crossing_agreement_mistakes", "Mistakes for which agreements release nothing.", registry=metrics)
_log: Any = structlog.get_logger()


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log JSON lines to standard error; of other libraries only that they logged something, never what."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_listed,
            structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Library()], level=max(level, logging.WARNING), force=True)


def keep_listed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return the listed keys of a log line whose values are a number or one plain word."""
    plain = {key: _plain(key, value) for key, value in line.items() if key in KEYS}
    kept = {key: value for key, value in plain.items() if value is not None}
    if len(kept) < len(line):
        _dropped.inc(len(line) - len(kept))
    return kept


def trace(header: str | None) -> str:
    """Return the id of this request's trace: the caller's, from a valid ``traceparent``, or a new one."""
    if has_request_context() and TRACE in request.environ:
        return str(request.environ[TRACE])
    found = TRACEPARENT.fullmatch(header) if header and len(header) <= 512 else None  # noqa: PLR2004 -- no honest header is longer
    name = found[1] if found else secrets.token_hex(16)
    if has_request_context():
        request.environ[TRACE] = name
    return name


def begin() -> None:
    """Note when the present request arrived."""
    request.environ.setdefault(STARTED, time.perf_counter())


def about(**known: str) -> None:
    """Note what the present request is about: a *view*, *district* or *client* that exists, the *code* of an error."""
    for name, value in known.items():
        request.environ[ABOUT[name]] = value


def observe(response: Response) -> Response:
    """Count and log the present request, by names that exist; what a caller made up is never repeated."""
    status = response.status_code
    named = request.view_args or {}
    found = {name: request.environ[key] for name, key in ABOUT.items() if key in request.environ}
    view = found.setdefault("view", "-" if "name" in named else request.endpoint or "-")
    district = found.setdefault("district", "-")
    _requests.labels(view, str(status), district).inc()
    line = {**found, "status": status, "method": request.method, "route": _route()}
    asked = correlation_ids.given()
    if CORRELATION.fullmatch(asked):
        line["correlation"] = asked
    if STARTED in request.environ:
        seconds = time.perf_counter() - request.environ[STARTED]
        _seconds.labels(view).observe(seconds)
        line["milliseconds"] = round(seconds * 1000, 1)
    _log.info("request", trace=trace(request.headers.get("traceparent")), **line)
    return response


def ignored(members: int) -> None:
    """Count members of the present request's body that were ignored; their names are the sender's."""
    client, view = (request.environ.get(ABOUT[name], "-") for name in ("client", "view"))
    _ignored.labels(client, view).inc(members)


def answered(view: str, status: int) -> None:
    """Count a response that no route made."""
    _requests.labels(view, str(status), "-").inc()


def _route() -> str:
    """Return the template of the requested address, never the values in it."""
    rule = request.url_rule.rule if request.url_rule else "-"
    return re.sub(r"<[a-z]+:", "<", rule)


def fault(error: BaseException) -> None:
    """Count and log a fault of the gateway by its kind and place; its message might quote the data in hand."""
    kind = kind_of(error)
    _faults.labels(kind).inc()
    _log.error("fault", error=kind, place=raised(error))


def withheld(places: Sequence[str]) -> None:
    """Count and log, each with its place, the mistakes for which agreements release nothing."""
    _withheld.set(len(places))
    for place in places:
        _log.error("agreement withheld", place=place)


def reloaded(changes: int) -> None:
    """Log that the files on disk are served now, and the number of *changes*."""
    _refused_since.set(0)
    _withheld.set(0)
    _log.info("reloaded", count=changes)


def reload_refused(since: float, places: Sequence[str]) -> None:
    """Log the first mistake for which the files on disk are not served, and *since* when they are not."""
    _refused_since.set(since)
    _log.error("reload refused", place=next(iter(places), "-") or "-", count=len(places))


def tell(event: str, **words: object) -> None:
    """Log an event that an operator has to know of."""
    _log.warning(event, **words)


def exposition() -> bytes:
    """Render all metrics in Prometheus's text format."""
    return generate_latest(metrics)


class _Library(logging.Handler):
    """Logs that another library logged something, and where, without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.module}:{record.lineno}"
        _log.log(record.levelno, "library message", logger=record.name, place=place)


def _plain(key: str, value: object) -> object:
    """Return *value* if it may be logged; None where it may not."""
    if isinstance(value, Reason):
        return str(value)
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else None
    form = FORMS.get(key, WORD)
    return value if form.fullmatch(value) or value in ("*", "-") else None


FORMS = {"event": SENTENCE, "kind": WORDS, "place": PLACE, "route": ROUTE}
