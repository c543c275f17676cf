"""GraphML of the load order, the form in which programs that copy whole districts ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
EMPTY = f'<graphml xmlns="{NAMESPACE}"/>'
REQUIRED = "IsRequired"


def graphml(places: Iterable[str], edges: Mapping[tuple[str, str], bool]) -> bytes:
    """Write a directed graph whose nodes are *places*; an edge leads from what comes first to what needs it."""
    root = etree.fromstring(EMPTY)
    _add(root, "key", **{"id": REQUIRED, "for": "edge", "attr.name": REQUIRED, "attr.type": "boolean"})
    graph = _add(root, "graph", id="EdFi", edgedefault="directed")
    for place in places:
        _add(graph, "node", id=place)
    for number, ((earlier, later), needed) in enumerate(sorted(edges.items())):
        edge = _add(graph, "edge", id=f"e{number}", source=earlier, target=later)
        _add(edge, "data", key=REQUIRED).text = str(needed).lower()
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
