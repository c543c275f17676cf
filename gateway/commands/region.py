"""The region as a command administers it: its settings, registry and keys, without a running gateway."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.admin.administration import Administration


@contextmanager
def opened_region(file: Path) -> Iterator[Administration]:
    """Open the region that *file* describes, until the end of the block."""
    from gateway.admin.administration import Administration
    from gateway.config.settings import load
    from gateway.storage.registry import open_store, utc_now

    settings = load(file)
    with closing(open_store(settings.store_url)) as store:
        yield Administration(store, None, settings.open_keys(), utc_now, lambda: settings)
