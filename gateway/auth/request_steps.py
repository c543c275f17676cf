"""Steps of a request: each is named as it begins, so that a refusal tells at which of them it came.

A rehearsal takes the same steps with the same code, keeps what each of them looks at, and ends before it would look at
any record.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS: Final = "address"
CLIENT: Final = "client"
PACE: Final = "pace"
PURPOSE: Final = "purpose"
RESOURCE: Final = "resource"
FORMAT: Final = "format"
SCOPE: Final = "scope"
AGREEMENT: Final = "agreement"
OPERATION: Final = "operation"
FACTS: Final = "facts"
SYSTEM: Final = "system"
DISTRICT_PACE: Final = "district-pace"
QUERY: Final = "query"
ROWS: Final = "rows"
DAY: Final = "day"
RECORD: Final = "record"
STEPS: Final = (
    ADDRESS, CLIENT, PACE, PURPOSE, RESOURCE, FORMAT, SCOPE, AGREEMENT, OPERATION, FACTS, SYSTEM, DISTRICT_PACE, QUERY,
    ROWS, DAY, RECORD,
)  # fmt: skip
"""Every step, in the order of a read: the address, the client and its rate, what it may do, the query, the rows."""


class RehearsalEnded(BaseException):
    """Ends a rehearsal before a step that would look at records.

    Nothing in between may take it for an error and go on, hence it is no `Exception`.
    """


@dataclass(slots=True)
class Rehearsal:
    """The steps that a rehearsed request has begun, each with what it looks at."""

    begun: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)


_step: ContextVar[str] = ContextVar("step", default=ADDRESS)
_rehearsal: ContextVar[Rehearsal | None] = ContextVar("rehearsal", default=None)


def begin(step: str, *known: Any) -> None:
    """Begin a *step* of the present request, with what is *known* for it.

    Raises:
        RehearsalEnded: the request is a rehearsal, and the step would look at records.
    """
    _step.set(step)
    rehearsal = _rehearsal.get()
    if rehearsal is not None:
        rehearsal.begun.append((step, known))
        if step == ROWS:
            raise RehearsalEnded


def present() -> str:
    """Return the step that the present request has begun last."""
    return _step.get()


@contextmanager
def rehearsing(rehearsal: Rehearsal) -> Iterator[None]:
    """Rehearse the request that is run in the block; what ends it early ends the block."""
    token = _rehearsal.set(rehearsal)
    try:
        yield
    except RehearsalEnded:
        pass
    finally:
        _rehearsal.reset(token)
