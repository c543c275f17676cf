"""How the files of the suite are spread over the cores: what takes long begins first, what shares a start stays together."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/clients/", "tests/conformance/edfi/")
"""Folders whose files share a gateway that is started once: they run on one core."""

LONGEST = (
    "tests/clients/",
    "tests/conformance/edfi/",
    "tests/gateway/test_export.py",
    "tests/adapters/test_edfi_ods.py",
    "tests/gateway/test_reload.py",
    "tests/api/test_edfi_changes.py",
    "tests/test_non_interference.py",
    "tests/gateway/test_ods_outages.py",
    "tests/api/test_edfi.py",
    "tests/conformance/test_sources.py",
    "tests/attacks/test_natives.py",
    "tests/conformance/test_shared_cases.py",
    "tests/gateway/test_demo.py",
    "tests/conformance/test_queries.py",
    "tests/test_whole_or_refused.py",
    "tests/gateway/test_front.py",
    "tests/gateway/test_failing_districts.py",
    "tests/test_bootstrap.py",
    "tests/gateway/test_export_command.py",
    "tests/gateway/test_outages.py",
    "tests/conformance/test_shared_case_delta.py",
    "tests/test_recorded_first.py",
    "tests/test_changes_interference.py",
    "tests/policies/test_testing.py",
    "tests/test_default_deny.py",
    "tests/test_what_was_disclosed.py",
    "tests/test_one_line.py",
    "tests/test_lossless.py",
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
