"""``python3 -m tests``: the whole suite on a bare machine; further arguments go to pytest."""

import os
import shutil
import sys

from gateway import bootstrap

QUICK = "not slow and not browser"


MEMORY = "/dev/shm"
"""Where files lie in memory, on Linux."""

ROOM = 6 * 2**30
"""The bytes that must be free there, before the tests' folders are made in it: many times what they take."""


def folders():
    """Return where pytest makes the tests' folders: in memory, where there is room; empty says the usual place.

    A gateway waits for its disk before it answers: with several at once, a slow disk lets one wait longer than it may.
    """
    try:
        room = shutil.disk_usage(MEMORY).free
        usable = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)
    except (OSError, AttributeError):
        return ""
    return MEMORY if usable and room >= ROOM else ""


def arguments(given):
    """What pytest is called with: quiet, on every core and one more (tests wait), up to four, without what has its own tox environment."""
    chosen = ["-q"]
    if not any(word.startswith(("-n", "--numprocesses", "--pdb")) for word in given):
        chosen += ["-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder"]
    if "-m" not in given:
        chosen += ["-m", QUICK]
    if not os.access(bootstrap.ROOT, os.W_OK):
        chosen += ["-p", "no:cacheprovider"]
    return [*chosen, *given]


if __name__ == "__main__":
    bootstrap.enter(bootstrap.GATEWAY, bootstrap.TESTS)

    import pytest

    os.chdir(bootstrap.ROOT)
    if where := folders():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", where)
    sys.exit(pytest.main(arguments(sys.argv[1:])))
