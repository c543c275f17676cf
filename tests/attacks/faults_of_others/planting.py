"""Faults of other products, planted here for a moment: the check of a test must notice each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies import agreement

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.gateway import Gateway

    Fault = Callable[[pytest.MonkeyPatch], None]


def noticed(check: Callable[[], None], fault: Fault, saying: str, gateway: Gateway | None = None) -> None:
    """Assert that *check* passes, and that it fails, *saying* what it saw, as soon as *fault* is planted.

    What a running *gateway* has computed before is forgotten each time, so that the fault reaches it, and goes again.
    """
    try:
        forget(gateway)
        check()
        forget(gateway)
        with pytest.MonkeyPatch.context() as patch:
            fault(patch)
            with pytest.raises(AssertionError, match=saying):
                check()
    finally:
        forget(gateway)


def forget(gateway: Gateway | None) -> None:
    """Drop which agreements were right, what *gateway* has computed for its clients, and the walks they have begun."""
    agreement._right.cache_clear()
    if gateway is None:
        return
    views, walks = gateway.views, gateway.walks
    for kept in (views._plans, views._visibilities, views._shown, walks._kept):
        kept.clear()
    walks._codes = 0
