"""A OneRoster student information system to try against: real documents over real sockets, and faults on request."""

from __future__ import annotations

from adapters.simulators.faults import Fault, Faults
from adapters.simulators.oneroster.documents import documents
from adapters.simulators.oneroster.server import RunningSis, run
from adapters.simulators.oneroster.system import SeenOneRosterRequest, Sis

__all__ = ["Fault", "Faults", "RunningSis", "SeenOneRosterRequest", "Sis", "documents", "run"]
