"""The control socket: how commands on the same machine reach the running gateway."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway import telemetry
from standards.errors import GatewayError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    Handler = Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]

NAME: Final = "control.sock"
PRIVATE: Final = 0o600
ROOT: Final = 0
MAX_PATH_BYTES: Final = 100
"""The kernel takes 108 bytes of path (macOS 104), the closing zero among them."""

MAX_CONNECTIONS: Final = 16
MAX_REQUEST_BYTES: Final = 64 * 1024
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
REQUEST_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
SILENCE_SECONDS: Final = 900.0
"""The seconds that a command waits for the next line: a reload may have to read a whole district first."""


class NotRunning(GatewayError):
    """No gateway listens in this state folder."""


def ask(state: Path, command: str, /, silence: float = SILENCE_SECONDS, **arguments: Any) -> Generator[dict[str, Any]]:
    """Yield the lines that the gateway of the folder *state* answers a command with; the last of them is ``done``.

    Raises:
        NotRunning: no gateway listens there.
        StoreUnavailable: the gateway cannot be reached, or ends its answer too early.
    """
    connection = _connect(state / NAME)
    connection.settimeout(silence)
    return _converse(connection, orjson.dumps({**arguments, "command": command}) + b"\n")


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(REQUEST_SECONDS)
        with _short(path) as near:
            connection.connect(near)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        raise NotRunning(f"No gateway is running with the state folder {path.parent}.") from None
    except OSError as error:
        connection.close()
        raise StoreUnavailable(f"The running gateway cannot be reached: {error.strerror or 'no answer'}.") from None
    return connection


def _converse(connection: socket.socket, request: bytes) -> Generator[dict[str, Any]]:
    answer: dict[str, Any] = {}
    with connection:
        try:
            connection.sendall(request)
            with connection.makefile("rb") as answers:
                while line := answers.readline(MAX_ANSWER_BYTES):
                    answer = orjson.loads(line)
                    if answer.get("done"):
                        break
                    yield answer
        except (OSError, ValueError):
            raise StoreUnavailable("The gateway gave no whole answer; its log tells more.") from None
    if not answer.get("done"):
        raise StoreUnavailable("The gateway ended before it had answered.")
    yield answer


class Control:
    """Answers commands on the socket at *path*, each in a thread of its own; *handlers* by the name of the command.

    Only the gateway's own user and root are listened to. A handler yields lines; a last line that is not ``done``
    is followed by one that is.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path, self._handlers = path, handlers
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._end, self._ended = socket.socketpair()
        self._listener = _listen(path)
        self._own = path.stat().st_ino
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and remove the socket unless another gateway has put its own there."""
        with suppress(OSError):
            self._end.send(b"\0")
        self._thread.join()
        with suppress(OSError):
            if self._path.stat().st_ino == self._own:
                self._path.unlink()
        for one in (self._listener, self._end, self._ended):
            one.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                try:
                    connection, _ = self._listener.accept()
                except OSError:  # too many open files, or the other end was closed
                    time.sleep(0.05)
                    continue
                if _trusted(connection) and self._places.acquire(blocking=False):
                    threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True).start()
                else:
                    connection.close()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):  # the other end was closed
                self._answer(connection)
        finally:
            self._places.release()

    def _answer(self, connection: socket.socket) -> None:
        line = _read_line(connection)
        connection.settimeout(ANSWER_SECONDS)
        done = False
        with closing(self._lines(line)) as lines:
            for answer in lines:
                connection.sendall(orjson.dumps(answer) + b"\n")
                done = bool(answer.get("done"))
        if not done:
            connection.sendall(b'{"done":true,"ok":true}\n')

    def _lines(self, line: bytes) -> Generator[Mapping[str, Any]]:
        """Yield the answer to one request; nothing that fails leaves the asker without a last line."""
        try:
            asked = orjson.loads(line)
            handler = self._handlers[asked.pop("command")]
        except (ValueError, KeyError, TypeError, AttributeError):
            yield _refusal(f"The gateway knows no such command; it knows {', '.join(sorted(self._handlers))}.")
            return
        try:
            yield from handler(asked)
        except GatewayError as error:
            yield _refusal(error.message)
        except Exception as error:  # noqa: BLE001  a fault of ours is told in the log, and the thread goes on
            telemetry.fault(error)
            yield _refusal("The gateway failed; its log tells where.")


def _refusal(message: str) -> dict[str, Any]:
    return {"done": True, "ok": False, "text": message}


def _read_line(connection: socket.socket) -> bytes:
    """Read one request, whole within its time and limited in length."""
    until, found = time.monotonic() + REQUEST_SECONDS, b""
    while not found.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or len(found) > MAX_REQUEST_BYTES:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(MAX_REQUEST_BYTES)
        if not piece:
            raise ConnectionResetError
        found += piece
    return found


def _listen(path: Path) -> socket.socket:
    """Open a socket that listens at *path*, created with its mode, in place of one left over."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        draft.unlink(missing_ok=True)
        with _short(draft) as near:
            listener.bind(near)
        draft.chmod(PRIVATE)
        listener.listen(MAX_CONNECTIONS)
        draft.replace(path)
    except OSError as error:
        listener.close()
        raise StoreUnavailable(f"The control socket {path} cannot be made: {error.strerror or error}.") from None
    return listener


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Spell *path* so that the kernel takes it as the address of a socket: a long folder is reached by a short path."""
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    if sys.platform == "linux":  # by the open folder, since the path of a temporary folder may be as long
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{path.name}"
        finally:
            os.close(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="crossing-") as place:
            link = Path(place, "state")
            link.symlink_to(path.parent.absolute())
            yield str(link / path.name)


def _trusted(connection: socket.socket) -> bool:
    """Tell whether the other end belongs to this user or to root; else the file's mode must do."""
    try:
        if hasattr(socket, "SO_PEERCRED"):
            form = struct.Struct("iII")
            _, user, _ = form.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, form.size))
        elif sys.platform == "darwin":
            level, credentials, form = 0, 1, struct.Struct("IIh16I")  # SOL_LOCAL, LOCAL_PEERCRED, struct xucred
            user = form.unpack(connection.getsockopt(level, credentials, form.size))[1]
        else:
            return True
    except OSError:
        return False
    return user in {os.geteuid(), ROOT}
