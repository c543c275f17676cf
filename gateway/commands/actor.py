"""The person at the command line, as acts and approvals name them until persons can sign in."""

from __future__ import annotations

import getpass
import os


def actor() -> str:
    """Return the name of the account, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
