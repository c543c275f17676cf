"""What waits for a second person, confirmed by an operator at the command line, and done by the running gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.admin.confirming import Confirming
from gateway.admin.districts.connecting import Connected
from gateway.admin.districts.steering import Steered
from gateway.people.actor import operator
from gateway.runtime.control import districts_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.admin.administration import Administration

COMMAND: Final = "admins confirm"


def serve(region: Callable[[], Administration], asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Confirm a proposal; the first line has the link and the secret that were made, the last what it came to.

    Raises:
        CallerError: it is refused.
    """
    name, actor, reason = (str(asked.get(one) or "") for one in ("name", "actor", "reason"))
    who = operator(actor[: districts_socket.MAX_NAME_CHARACTERS])
    confirmation = Confirming(region()).confirm(who, name, reason[:500])
    done = confirmation.done
    told = "confirmed" if isinstance(done, Connected | Steered) else "confirmed and done"
    yield {"text": f"{name}: {told}.", "link": confirmation.link, "secret": confirmation.secret}
    if isinstance(done, Connected):
        yield from districts_socket.connected(done)
    elif isinstance(done, Steered):
        yield from districts_socket.steered(done)
