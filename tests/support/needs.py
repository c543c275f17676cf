"""Requirements of some tests: missing is an error in CI and a skip with its reason elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
SHARED = Path(os.environ.get("CROSSING_SHARED") or ROOT.parent / "shared").absolute()


def missing(reason: str) -> NoReturn:
    """End the test (or the module being collected): it cannot run here because of *reason*."""
    if IN_CI:
        pytest.fail(f"{reason} (in CI that is an error)", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def shared(*parts: str) -> Path:
    """Return a file or folder of the reference data (model facts, Grand Bend); set CROSSING_SHARED to its path."""
    place = SHARED.joinpath(*parts)
    if not place.exists():
        missing(f"{'/'.join(parts) or 'the reference data'} is not there; CROSSING_SHARED says where to look")
    return place
