"""Process output: text from outside the gateway's log is replaced by the fact that, and where, something was printed.

Tracebacks, warnings, logs of libraries and prints of an adapter may quote what a source sent.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from gateway import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_log: Any = structlog.get_logger()


def close() -> None:
    """Close every output of this process but the gateway's log on standard error; `say` still reaches the operator."""
    install_hooks()
    sys.stdout = sys.stderr = Unprinted()


@contextmanager
def closed() -> Iterator[None]:
    """Print nothing in the block, in which other people's code runs; the hooks stay."""
    install_hooks()
    with redirect_stdout(Unprinted()), redirect_stderr(Unprinted()):
        yield


def install_hooks() -> None:
    """Log uncaught exceptions, warnings and messages of libraries without their texts."""
    telemetry.configure(sys.__stderr__)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable  # of finalizers, and of what is called at the exit
    threading.excepthook = _thread_failed
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    _take_over_loggers()


def say(text: str) -> None:
    """Tell the operator *text*, which is the gateway's own, on the real standard error."""
    if sys.__stderr__ is not None:
        print(text, file=sys.__stderr__, flush=True)


class Unprinted(io.TextIOBase):
    """A stream that swallows what is printed, and logs only from where."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Log that something was printed, once per line that is not empty."""
        if text.strip():
            _log.warning("text not printed", place=_printer())
        return len(text)

    def writable(self) -> bool:
        """Return true: it takes everything."""
        return True


def _take_over_loggers() -> None:
    """Route loggers of libraries with handlers of their own the same way."""
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    telemetry.fault(error)


def _thread_failed(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        telemetry.fault(found.exc_value)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is not None:
        telemetry.fault(found.exc_value)


def _printer() -> str:
    """Return the module and line that prints, whichever library function it prints by."""
    frame = sys._getframe(2)  # noqa: SLF001  the way to ask it
    return f"{Path(frame.f_code.co_filename).stem}:{frame.f_lineno}"
