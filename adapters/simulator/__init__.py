"""A OneRoster student information system to try against: real documents over real sockets, and faults on request."""

from __future__ import annotations

from adapters.simulator.documents import documents
from adapters.simulator.faults import Fault, Faults
from adapters.simulator.server import Running, run
from adapters.simulator.sis import Asked, Sis

__all__ = ["Asked", "Fault", "Faults", "Running", "Sis", "documents", "run"]
