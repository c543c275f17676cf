"""The distribution of test files over the cores: slow ones begin first, those that share a start stay together."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/clients/", "tests/conformance/edfi/")
"""Folders whose files share a gateway that is started once: they run on one core."""

LONGEST = (
    "tests/clients/",
    "tests/conformance/edfi/",
    "tests/gateway/reads/test_export.py",
    "tests/adapters/edfi_ods/test_adapter.py",
    "tests/gateway/runtime/test_reload.py",
    "tests/gateway/changes/test_edfi_changes.py",
    "tests/promises/test_non_interference.py",
    "tests/gateway/districts/test_ods_outages.py",
    "tests/gateway/web/test_edfi.py",
    "tests/conformance/test_sources.py",
    "tests/attacks/edfi/test_natives.py",
    "tests/conformance/test_shared_cases.py",
    "tests/gateway/demo/test_run.py",
    "tests/conformance/oneroster/test_queries.py",
    "tests/promises/test_whole_or_refused.py",
    "tests/gateway/server/test_front.py",
    "tests/gateway/districts/test_failing_districts.py",
    "tests/project/test_bootstrap.py",
    "tests/project/test_deploy.py",
    "tests/project/test_examples.py",
    "tests/gateway/commands/test_export.py",
    "tests/gateway/storage/test_outages.py",
    "tests/conformance/test_shared_case_delta.py",
    "tests/promises/test_recorded_first.py",
    "tests/promises/test_changes_interference.py",
    "tests/policies/testing/test_non_interference.py",
    "tests/promises/test_default_deny.py",
    "tests/promises/test_what_was_disclosed.py",
    "tests/promises/test_one_line.py",
    "tests/promises/test_lossless.py",
)
"""What takes longest, the longest first: begun last, it would leave the other cores idle at the end."""


def unit(nodeid: str) -> str:
    """Return what runs on one core together with a test: its file, or the folder that shares a start."""
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def rank(nodeid: str) -> int:
    """Return the rank of a test's unit among all: a smaller one begins earlier."""
    own = unit(nodeid)
    return LONGEST.index(own) if own in LONGEST else len(LONGEST)


class Together(LoadFileScheduling):
    """A schedule that gives each core whole units, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
