"""Commands of this program as people type them, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from standards.errors import StoreUnavailable

ROOT: Final = Path(__file__).resolve().parents[2]
"""Where this program lies, installed or not."""
COMMAND_SECONDS: Final = 120


def typed(settings: Path, *words: str, about: str = "") -> str:
    """Run a command under some *settings*, with a child's id on its standard input; return what it prints.

    Raises:
        StoreUnavailable: it failed.
    """
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "gateway", *words, "--settings", str(settings)],
        input=f"{about}\n", cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StoreUnavailable(f"The command {' '.join(words[:2])} failed: {done.stderr.strip()}")
    return done.stdout
