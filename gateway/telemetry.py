"""What the gateway says about itself: logs and numbers that cannot hold a student's value."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog
from flask import has_request_context, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from flask import Response

# What a log line may tell. A value under any other name is dropped and counted.
KEYS = frozenset(
    {
        "adapter",
        "client",
        "count",
        "district",
        "error",
        "event",
        "generation",
        "level",
        "logger",
        "method",
        "milliseconds",
        "place",
        "rows",
        "status",
        "timestamp",
        "trace",
        "view",
    }
)
SENTENCE = re.compile(r"[a-z][a-z ]{0,79}")
WORD = re.compile(r"[A-Za-z0-9_.:/+@-]{1,120}")
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
STARTED, TRACE = "crossing.started", "crossing.trace"
VIEW, DISTRICT = "crossing.view", "crossing.district"

metrics = CollectorRegistry()
_requests = Counter("crossing_requests", "Requests answered.", ["view", "status", "district"], registry=metrics)
_seconds = Histogram("crossing_request_seconds", "How long answers took.", ["view"], registry=metrics)
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
    """Send logs as JSON lines to standard error; of other libraries only that they spoke, never what they said."""
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
    """The listed keys of a log line whose values are a number or one plain word."""
    kept = {key: value for key, value in line.items() if key in KEYS and _is_plain(key, value)}
    if len(kept) < len(line):
        _dropped.inc(len(line) - len(kept))
    return kept


def trace(header: str | None) -> str:
    """The id of this request's trace: the caller's, from a valid ``traceparent``, or a new one."""
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


def about(*, view: str = "", district: str = "") -> None:
    """Note what the present request has turned out to be about: a view that exists, a district that exists."""
    if view:
        request.environ[VIEW] = view
    if district:
        request.environ[DISTRICT] = district


def observe(response: Response) -> Response:
    """Count and log the present request, by names that exist; what a caller made up is never repeated."""
    status = response.status_code
    named = request.view_args or {}
    view = request.environ.get(VIEW, "-" if "name" in named else request.endpoint or "-")
    district = request.environ.get(DISTRICT, "-")
    _requests.labels(view, str(status), district).inc()
    line = {"view": view, "status": status, "district": district, "method": request.method}
    if STARTED in request.environ:
        seconds = time.perf_counter() - request.environ[STARTED]
        _seconds.labels(view).observe(seconds)
        line["milliseconds"] = round(seconds * 1000, 1)
    _log.info("request", trace=trace(request.headers.get("traceparent")), **line)
    return response


def answered(view: str, status: int) -> None:
    """Count an answer that no route gave."""
    _requests.labels(view, str(status), "-").inc()


def fault(error: BaseException) -> None:
    """Count and log a fault of ours by its kind and place; its message might quote what it was working on."""
    _faults.labels(type(error).__name__).inc()
    _log.error("fault", error=type(error).__name__, place=_place(error))


def withheld(places: Sequence[str]) -> None:
    """Count and log, each with its place, the mistakes for which agreements release nothing."""
    _withheld.set(len(places))
    for place in places:
        _log.error("agreement withheld", place=place)


def reloaded(changes: int) -> None:
    """Log that what is on disk is served now, and how many things it *changes*."""
    _refused_since.set(0)
    _withheld.set(0)
    _log.info("reloaded", count=changes)


def reload_refused(since: float, places: Sequence[str]) -> None:
    """Log the first mistake for which what is on disk is not served, and *since* when it is not."""
    _refused_since.set(since)
    _log.error("reload refused", place=next(iter(places), "-") or "-", count=len(places))


def exposition() -> bytes:
    """All numbers, in Prometheus's text format."""
    return generate_latest(metrics)


class _Library(logging.Handler):
    """Tells that another library logged something, and where, without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.module}:{record.lineno}"
        _log.log(record.levelno, "library message", logger=record.name, place=place)


def _is_plain(key: str, value: object) -> bool:
    if key == "event":
        return isinstance(value, str) and SENTENCE.fullmatch(value) is not None
    if isinstance(value, str):
        return WORD.fullmatch(value) is not None or value in ("*", "-")
    return value is None or isinstance(value, int | float)


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{Path(frame.tb_frame.f_code.co_filename).stem}:{frame.tb_lineno}" if frame else "unknown"
