"""How the files of the suite are spread over the cores: what takes long begins first, what shares a start stays together."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/clients/", "tests/conformance/edfi/")
"""Folders whose files share a gateway that is started once: they run on one core."""

LONGEST = (
    "tests/clients/",
    "tests/conformance/edfi/",
    "tests/test_non_interference.py",
    "tests/gateway/test_demo.py",
    "tests/api/test_reload_served.py",
    "tests/gateway/test_merging_laws.py",
    "tests/test_recorded_first.py",
    "tests/conformance/test_across.py",
    "tests/gateway/test_reload.py",
    "tests/gateway/test_failing_districts.py",
    "tests/conformance/test_every_exit.py",
    "tests/test_nothing_at_rest.py",
    "tests/api/test_granian.py",
    "tests/gateway/test_export.py",
    "tests/test_changes_interference.py",
    "tests/gateway/test_export_interference.py",
    "tests/test_what_was_disclosed.py",
)
"""What takes longest, the longest first: begun last, it would leave the other cores idle at the end."""


def unit(nodeid: str) -> str:
    """What is run on one core together with a test: its file, or the folder that shares a start."""
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def rank(nodeid: str) -> int:
    """The place of a test's unit among all: a smaller one begins earlier."""
    own = unit(nodeid)
    return LONGEST.index(own) if own in LONGEST else len(LONGEST)


class Together(LoadFileScheduling):
    """Gives each core whole units, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
