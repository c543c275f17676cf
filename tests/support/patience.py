"""Settings for a machine that runs several tests at once, where what is slow is no outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.config.region import Settings

PATIENCE = timedelta(seconds=30)


def patient(settings: Settings) -> Settings:
    """Return *settings* whose registry may take its time; what an outage of it does has tests of its own."""
    return replace(settings, store_wait=PATIENCE)
