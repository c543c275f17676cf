"""Stays: the use of a state by one request, from its beginning until its response is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.runtime.state import GatewayState


class Stay:
    """The use of a state by one request."""

    def __init__(self, state: GatewayState) -> None:
        self.state, self._ended = state, False

    def end(self) -> None:
        """End the use, once."""
        if not self._ended:
            self._ended = True
            self.state.visits.leave()


class RunningResponse:
    """A response being sent; its state is left when all of it has been sent, or the client has disconnected."""

    def __init__(self, answer: Iterable[bytes], stay: Stay) -> None:
        self._answer, self._pieces, self._stay = answer, iter(answer), stay

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self._stay.end()
            raise

    def close(self) -> None:
        """Close the response and leave the state."""
        try:
            if hasattr(self._answer, "close"):
                self._answer.close()
        finally:
            self._stay.end()

    def __del__(self) -> None:
        self._stay.end()
