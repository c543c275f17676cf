"""The memory of the process: what loading needed is given back to the operating system."""

from __future__ import annotations

import ctypes


def give_back_memory() -> None:
    """Return memory that loading needed to the operating system, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
