"""Tasks of those who may confirm what somebody proposed: one for each role that may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.tasks.task import REGION, SECOND_PERSON, computed
from policies.roles import action as known_action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.storage.people.proposals import Proposal
    from gateway.tasks.task import PersonTask


def proposed(waiting: Iterable[Proposal]) -> Iterator[PersonTask]:
    """Yield the tasks of the organisation's own people for each proposal that is *waiting*.

    Whoever may do the same on everything of the region sees the proposals, but what an organisation decides is not on
    the list of what the region's own people have to do.
    """
    for one in waiting:
        for role, reach in sorted(known_action(one.action).roles.items()):
            if reach == "region" and one.org != REGION:
                continue
            about = {"proposal": one.id, "action": one.action, "role": role}
            content = {"by": one.made_by, "about": one.about}
            yield computed(
                SECOND_PERSON, one.org, role, about, opened=one.made.date(), due=one.expires.date(), content=content
            )
