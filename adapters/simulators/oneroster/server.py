"""The simulated OneRoster system on a real socket of this machine, with faults on the wire."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.simulators import wire
from adapters.simulators.oneroster import faults

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from adapters.simulators.oneroster.system import Sis


@dataclass(frozen=True, slots=True)
class RunningSis:
    """A system that answers at *url*."""

    sis: Sis
    url: str

    @property
    def token_url(self) -> str:
        """The address of its tokens."""
        return f"{self.url}/oauth/token"


@contextmanager
def run(sis: Sis, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[RunningSis]:
    """Run the system until the end of the block; over TLS where there is a *context* with a certificate."""
    with wire.listening(_handler(sis), port, context) as url:
        yield RunningSis(sis, url)


def _handler(sis: Sis) -> type[wire.Handler]:
    class OneRosterHandler(wire.Handler):
        def answer(self, body: bytes) -> None:
            collection = _collection(self.path)
            taken = sis.faults.take(collection)
            faults.before_answer(sis, collection, taken)
            reply = faults.answer_instead(taken)
            if reply is None:
                reply = sis.answer(self.command, self.url, dict(self.headers.items()), body)
                faults.after_answer(reply, taken)
            wire.send(self, reply, taken)

    return OneRosterHandler


def _collection(path: str) -> str:
    steps = [step for step in urlsplit(path).path.split("/") if step]
    if steps[-1:] == ["token"]:
        return "token"
    after = next((number for number, step in enumerate(steps) if step in {"v1p1", "v1p2"}), len(steps)) + 1
    rest = steps[after:]
    return rest[-1] if len(rest) == 3 else rest[0] if rest else ""  # noqa: PLR2004  a nested one
