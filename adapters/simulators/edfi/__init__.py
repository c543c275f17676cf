"""An Ed-Fi ODS/API to try against: every resource over real sockets, writes included, and faults on request."""

from __future__ import annotations

from adapters.simulators.edfi.extension import Extension
from adapters.simulators.edfi.server import RunningOds, SeenRequest, run
from adapters.simulators.edfi.system import Ods

__all__ = ["Extension", "Ods", "RunningOds", "SeenRequest", "run"]
