"""The loop of the receiving agent: fetch what waits, file what needs no question, acknowledge, and look again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.receiving.acknowledging import UNREADABLE
from gateway.receiving.errors import GatewayUnreachable, PackageRefused, StateBroken
from gateway.receiving.filing.writing import FilingOutcome
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.receiving.agent import AgentReport, ReceivingAgent
    from gateway.receiving.fetching import ListedPackage


def run_once(agent: ReceivingAgent) -> Iterator[str]:
    """Do what can be done without a person about every package, and yield a line about each.

    An error about one package keeps nobody else's from being filed.

    Raises:
        GatewayUnreachable: the gateway does not answer.
        SettingsError: the settings are wrong.
    """
    waiting = agent.waiting()
    newest = {one.transfer: one.version for one in waiting}
    every = newest | {transfer: max(version, newest.get(transfer, 0)) for transfer, version, _ in agent.here()}
    for transfer, version in sorted(every.items()):
        if not agent.is_done(transfer, version):
            yield f"{transfer}: {_one(agent, transfer, version, waiting)}"
    yield from (f"{one}: forgotten, after its time" for one in agent.forget_old())


def report(done: AgentReport) -> str:
    """Tell in a line what became of a package: counts and words, nothing of the child."""
    counts = {outcome: sum(one.outcome is outcome for one in done.filed) for outcome in FilingOutcome}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "nothing to file"
    answer = done.answer if done.answer == "acknowledged" else f"wanted again ({done.answer})"
    files = f"; {len(done.placed)} files in the folder" if done.placed else ""
    return f"version {done.received.version}: {told}{files}; {answer}"


def _one(agent: ReceivingAgent, transfer: str, version: int, waiting: Sequence[ListedPackage]) -> str:
    try:
        agent.fetch(transfer, waiting)
        return report(agent.file(transfer))
    except PackageRefused as error:
        if error.again:
            agent.send_back(transfer, version, UNREADABLE)
        return f"refused, nothing was written: {error.message}"
    except (GatewayUnreachable, SettingsError, StateBroken):
        raise
    except GatewayError as error:
        return error.message
