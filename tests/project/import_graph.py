"""The graph of imports: rooms, the floors they stand on, arrows upward and circles; ``python -m tests.project.import_graph``.

Imports for types alone, and those inside functions, count like any others.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("standards", "adapters", "policies", "gateway")

FLOORS = [
    "",
    "standards.codes standards.collation standards.days standards.keys standards.losses standards.query",
    "standards.query_strings",
    "standards.errors",
    "standards.vocabulary standards.view standards.lenses",
    "standards.edfi.model",
    "standards.edfi.resources",
    "standards.edfi.catalogue",
    "standards.oneroster.model standards.oneroster.native",
    "standards.oneroster.resources",
    "standards.oneroster.csv",
    "standards.oneroster.rest_lenses",
    "standards.oneroster.v1p1",
    "standards.native",
    "standards.fields",
    "standards.schedule",
    "standards.pruning",
    "standards.registry",
    "standards.edfi.from_oneroster",
    "standards.edfi.api",
    "standards.edfi.api.openapi",
    "standards.oneroster.api",
    "standards.derive",
    "adapters.notes adapters.records adapters.uploads",
    "adapters.defaults",
    "adapters.contract",
    "adapters.registry",
    "adapters.transport adapters.files adapters.edfi",
    "adapters.oneroster",
    "adapters.simulators.wire",
    "adapters.simulators.faults",
    "adapters.oneroster_csv adapters.oneroster_rest adapters.edfi_xml adapters.edfi_ods adapters.simulators.edfi",
    "adapters.testing",
    "policies.transforms policies.small_cells policies.documents.loading",
    "policies.elements policies.population policies.documents.schema policies.documents.claims",
    "policies.records policies.documents.written policies.documents.binding",
    "policies.canonical policies.grant policies.reasoning.examples",
    "policies.documents.terms",
    "policies.transfers",
    "policies.checks",
    "policies.combining",
    "policies.agreement policies.permission policies.roles",
    "policies.compiler policies.explain",
    "policies.comparison",
    "policies.standing",
    "policies.reasoning",
    "policies.testing",
    "gateway.one_line",
    "gateway.storage",
    "gateway.translations",
    "gateway.config.districts gateway.config.toml",
    "gateway.config",
    "gateway.every_agreement",
    "gateway.documents",
    "gateway.correlation_ids gateway.failure_reasons gateway.process_memory gateway.request_slots gateway.record_locks",
    "gateway.telemetry",
    "gateway.audit.proofs",
    "gateway.auth gateway.audit gateway.cache",
    "gateway.signing",
    "gateway.registers gateway.audit.students",
    "gateway.registers.effects",
    "gateway.audit.reports",
    "gateway.tasks",
    "gateway.districts",
    "gateway.engine",
    "gateway.change_log",
    "gateway.change_versions",
    "gateway.request",
    "gateway.paging",
    "gateway.readiness",
    "gateway.gateway",
    "gateway.disclosure",
    "gateway.changes",
    "gateway.reads",
    "gateway.writes",
    "gateway.reasoning",
    "gateway.people",
    "gateway.jobs",
    "gateway.transfers.matching",
    "gateway.transfers.package.contents",
    "gateway.transfers.package",
    "gateway.transfers.sealing",
    "gateway.receiving",
    "gateway.sending",
    "gateway.transfers.machine",
    "gateway.transfers.attachments",
    "gateway.transfers.clocks",
    "gateway.transfers.ledger",
    "gateway.transfers.districts",
    "gateway.transfers.work",
    "gateway.receiving",
    "gateway.sending",
    "gateway.admin",
    "gateway.admin.agreements",
    "gateway.admin.transfers",
    "gateway.admin.confirming",
    "gateway.web",
    "gateway.admin_api",
    "gateway.transfers_api",
    "gateway.identities_api gateway.docs_pages",
    "gateway.console",
    "gateway.runtime.district_desk",
    "gateway.runtime.state",
    "gateway.runtime.control",
    "gateway.runtime",
    "gateway.server",
    "gateway.demo",
    "gateway.commands",
    "gateway.bootstrap",
    "gateway.__main__",
    "",
]
"""Rooms and single modules from the lowest floor up; those of one line do not import each other."""
HEIGHT = {room: height for height, line in enumerate(FLOORS) for room in line.split()}
SIMULATORS = "adapters.simulators.oneroster"
HEIGHT[SIMULATORS] = HEIGHT["adapters.simulators.edfi"]


def modules() -> dict[str, Path]:
    """Return the modules of the product by their dotted names, without packages whose ``__init__`` imports nothing."""
    found = {}
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


def imports(source: str, known: Mapping[str, object]) -> Iterator[str]:
    """Yield the *known* modules that *source* imports anywhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in known or node.module in known:
                    yield whole if whole in known else node.module


@cache
def edges() -> dict[str, frozenset[str]]:
    """Return which modules each module imports."""
    known = modules()
    return {name: frozenset(imports(path.read_text("utf-8"), known)) - {name} for name, path in known.items()}


def room_of(module: str) -> str:
    """Return the room, or the single module, of the floors that a *module* belongs to; empty where none is named."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in HEIGHT), "")


def upward(graph: Mapping[str, frozenset[str]]) -> list[tuple[str, str]]:
    """Return the imports that lead to a higher floor, or to another room of the same one."""
    found = []
    for module, imported in graph.items():
        here = room_of(module)
        for other in imported:
            there = room_of(other)
            if here != there and here and there and here.partition(".")[0] == there.partition(".")[0]:
                found += [(module, other)] if HEIGHT[there] >= HEIGHT[here] else []
    return sorted(found)


def circles(graph: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Return groups of modules that import each other, over however many others."""
    reach = {module: set(imported) for module, imported in graph.items()}
    waiting = list(reach)
    while waiting:  # what is reached grows until nothing is new
        waiting = [one for one in waiting if _grown(reach, one)]
    inside = {module for module, reached in reach.items() if module in reached}
    groups = {frozenset(one for one in inside if module in reach[one] and one in reach[module]) for module in inside}
    return sorted(map(sorted, groups))


def _grown(reach: Mapping[str, set[str]], module: str) -> bool:
    """Tell whether more was found that *module* reaches."""
    before = len(reach[module])
    reach[module].update(*(reach.get(one, ()) for one in tuple(reach[module])))
    return len(reach[module]) > before


def drawing() -> str:
    """Draw the rooms on their floors, each with its number of modules and the rooms below that it imports."""
    graph = edges()
    sizes = Counter(room_of(module) for module in graph)
    below: dict[str, set[str]] = {}
    for module, imported in graph.items():
        below.setdefault(room_of(module), set()).update(map(room_of, imported))
    lines = []
    for height, line in reversed(list(enumerate(FLOORS))):
        for room in line.split():
            led = sorted(one for one in below.get(room, ()) if one and one != room)
            lines.append(f"{height:>3}  {room} ({sizes[room]})  ->  {', '.join(led) or '-'}")
    ending = f"{len(graph)} modules, {sum(map(len, graph.values()))} arrows, {len(upward(graph))} upward"
    return "\n".join([*lines, f"{ending}, {len(circles(graph))} circles"])


if __name__ == "__main__":
    print(drawing())
