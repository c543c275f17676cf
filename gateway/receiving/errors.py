"""Errors of the agents: each says what to do, and none says what a record or an answer of the gateway holds."""

from __future__ import annotations

from standards.errors import GatewayError


class AgentError(GatewayError):
    """The agent cannot go on; nothing that was done is undone."""

    status, code, told = 500, "agent", ""


class GatewayUnreachable(AgentError):
    """The gateway gave no answer, or none that can be read; a later attempt may succeed."""

    status, code = 503, "gateway-unreachable"


class GatewayRefused(AgentError):
    """The gateway refuses what it was asked; asking again changes nothing."""

    status, code = 502, "gateway-refused"

    def __init__(self, place: str, status: int, reason: str = "") -> None:
        super().__init__(f"The gateway answers {status}{f' ({reason})' if reason else ''} to {place}.")
        self.answered, self.reason = status, reason


class StateBroken(AgentError):
    """The agent's own folder cannot be used, or was changed by somebody else."""

    code = "state"


class NoSuchTransfer(AgentError):
    """There is no such transfer here, or no such package of it."""

    status, code = 404, "no-such-transfer"


class PackageRefused(AgentError):
    """A package is not what it should be; nothing of it was written. Fetching it *again* may help, or does not."""

    status, code = 422, "package-refused"

    def __init__(self, message: str, *, again: bool = False, version: int = 0) -> None:
        super().__init__(message)
        self.again, self.version = again, version


class WrongStudent(AgentError):
    """The record is another child's than the one in the district's own system; nothing was written."""

    status, code = 409, "wrong-student"


class StudentNotFound(AgentError):
    """The district's own system has no such child yet, or several; nothing was written."""

    status, code = 404, "student-not-found"


class UnknownChoice(AgentError):
    """A question, an answer or a member that was named is none that there is."""

    status, code = 400, "unknown-choice"
