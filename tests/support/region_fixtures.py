"""Regions that many test modules share, each started once: ``pytest_plugins = ["tests.support.region_fixtures"]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.regions import TUTORING, Consumer, Region, agreement, grand_bend_site, running, small_sites

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def grand_bend(tmp_path_factory) -> Iterator[Region]:
    """Start Grand Bend, with everything released to ``conformance`` and a little to ``tutor``."""
    agreements = [agreement("gb"), agreement("gb", TUTORING, client="tutor", purpose="tutoring")]
    with running(tmp_path_factory.mktemp("grand-bend"), {"gb": grand_bend_site()}, agreements) as region:
        yield region


@pytest.fixture(scope="session")
def everything(grand_bend) -> Consumer:
    """Return the consumer to whom Grand Bend releases everything."""
    return grand_bend.consumer()


@pytest.fixture(scope="session")
def tutor(grand_bend) -> Consumer:
    """Return a consumer to whom Grand Bend releases little, and pseudonyms of students."""
    return grand_bend.consumer("tutor")


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Iterator[Region]:
    """Start one small district twice: ``maple`` from OneRoster files, ``cedar`` from Ed-Fi files; all released."""
    folder = tmp_path_factory.mktemp("small")
    sites = small_sites(folder / "data")
    agreements = [agreement(name) for name in sites]
    with running(folder / "region", sites, agreements) as region:
        yield region
