"""An Ed-Fi ODS/API to try against: every resource over real sockets, writes included, and faults on request."""

from __future__ import annotations

from adapters.simulator.ods.extension import Extension
from adapters.simulator.ods.ods import Ods
from adapters.simulator.ods.server import Asked, Running, run

__all__ = ["Asked", "Extension", "Ods", "Running", "run"]
