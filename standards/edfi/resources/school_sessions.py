"""Sessions and grading periods of a source that states them once for all schools, as each school keeps them.

In Ed-Fi a session belongs to one school; in OneRoster it does not. The adapter pairs schools and sessions
(`schoolSession`), and every fact comes from the session itself, so that it shows only where that is released.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from standards.edfi.model.references import TARGETS, period_nodes
from standards.view import Object, Reference, value

if TYPE_CHECKING:
    from standards.view import Branch, Node, View

PERIOD_KEY = tuple(period_nodes("session.", "school"))
FACTS: tuple[Node, ...] = (
    Reference("schoolReference", "school", (*TARGETS["School"].nodes, *TARGETS["School"].link("School"))),
    Object("schoolYearTypeReference", (value("schoolYear", "session.schoolYear", type="integer"),)),
    value("beginDate", "session.begin", type="date"),
    value("endDate", "session.end", type="date"),
    value("totalInstructionalDays", "session.instructionalDays", type="integer"),
)


def of_schools(view: View, branch: Branch) -> View:
    """Add to *view* a *branch* for each school's sessions; one without a school, and so without a key, is not shown."""
    (own,) = view.branches
    return replace(view, branches=(replace(own, needs=("schoolReference",)), branch))
