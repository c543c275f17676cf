"""The loop of the receiving agent: fetch what waits, file what needs no question, acknowledge, and look again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.receiving.acknowledging import UNREADABLE
from gateway.receiving.errors import GatewayRefused, GatewayUnreachable, PackageRefused, StateBroken
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
    every = {one.transfer for one in waiting} | {transfer for transfer, _, _ in agent.here()}
    for transfer in sorted(every):
        for line in _one(agent, transfer, [one for one in waiting if one.transfer == transfer]):
            yield f"{transfer}: {line}"
    yield from (f"{one}: forgotten, after its time" for one in agent.forget_old())


def report(done: AgentReport) -> str:
    """Tell in a line what became of a package: counts and words, nothing of the child."""
    counts = {outcome: sum(one.outcome is outcome for one in done.filed) for outcome in FilingOutcome}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "nothing to file"
    answer = done.answer if done.answer == "acknowledged" else f"wanted again ({done.answer})"
    files = f"; {len(done.placed)} files in the folder" if done.placed else ""
    return f"version {done.received.version}: {told}{files}; {answer}"


def _one(agent: ReceivingAgent, transfer: str, waiting: Sequence[ListedPackage]) -> Iterator[str]:
    """Fetch what is new of a transfer, and file each version that is not done with, the oldest first."""
    refused = 0
    if any(not agent.is_done(transfer, one.version) for one in waiting):
        try:
            agent.fetch(transfer, waiting)
        except PackageRefused as error:
            refused = error.version
            yield _refused(agent, transfer, error)
        except GatewayRefused as error:
            yield error.message
    for version in agent.versions(transfer, pending=True):
        if version != refused:
            yield _filed(agent, transfer, version)


def _filed(agent: ReceivingAgent, transfer: str, version: int) -> str:
    """File a version, and tell what became of it, or why nothing did."""
    try:
        return report(agent.file(transfer, version=version))
    except (GatewayUnreachable, SettingsError, StateBroken):
        raise
    except PackageRefused as error:
        return _refused(agent, transfer, error)
    except GatewayError as error:
        return error.message


def _refused(agent: ReceivingAgent, transfer: str, error: PackageRefused) -> str:
    """Ask again for a package that did not come as it left."""
    if error.again and error.version:
        agent.send_back(transfer, error.version, UNREADABLE)
    return f"refused, nothing was written: {error.message}"
