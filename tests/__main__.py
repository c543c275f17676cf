"""``python3 -m tests``: the whole suite on a bare machine; further arguments go to pytest."""

import os
import sys

from gateway import bootstrap

QUICK = "not slow and not browser"


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
    sys.exit(pytest.main(arguments(sys.argv[1:])))
