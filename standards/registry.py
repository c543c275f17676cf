"""The registry of views and lenses, found by walking the two standards' packages: a new module there is enough."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import standards.edfi.resources
import standards.oneroster
import standards.oneroster.csv
import standards.oneroster.resources
from standards.edfi import catalogue
from standards.edfi.model import extensions, links
from standards.oneroster import v1p1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from standards.lenses.lens import Lens
    from standards.view import View

PACKAGES = (
    standards.edfi.resources,
    standards.oneroster.resources,
    standards.oneroster.csv,
    standards.oneroster,
)
"""The packages in which a new module is all that a new resource or lens needs."""


@cache
def views(api: str) -> Mapping[str, View]:
    """Return the collections of an API (``oneroster``, ``oneroster11`` or ``edfi``) by name."""
    if api == v1p1.V1P1:
        return {name: v1p1.as_v1p1(view) for name, view in views("oneroster").items() if v1p1.known(view)}
    found = (view for view in _found("VIEW") if view.api == api)
    return _unique((view.name, links.linked(view) if api == "edfi" else view) for view in found)


@cache
def lenses() -> tuple[Lens, ...]:
    """Return every lens there is."""
    return tuple(_by_name().values())


def lens(dialect: str, local: str, entity: str = "") -> Lens:
    """Find the lens for a resource or file of a dialect; *entity* selects one where a file holds several."""
    for found in lenses():
        if (found.dialect, found.local) == (dialect, local) and entity in {"", found.entity}:
            return found
    msg = f"there is no lens for {local} in {dialect}"
    raise LookupError(msg)


@cache
def _by_name() -> Mapping[str, Lens]:
    return _unique((str(lens), lens) for lens in _found("LENS"))


def _found(name: str) -> Iterator[Any]:
    native: Callable[..., Iterable[Any]] = catalogue.lenses if name == "LENS" else catalogue.views
    plural = f"{name}ES" if name.endswith("S") else f"{name}S"
    yield from map(extensions.grown, native(standard=True))
    for package in PACKAGES:
        for info in iter_modules(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            if found := vars(module).get(name):
                yield extensions.grown(found)
            yield from map(extensions.grown, vars(module).get(plural, ()))
    yield from map(extensions.grown, native(standard=False))


def _unique(named: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, thing in named:
        if found.setdefault(name, thing) is not thing:
            msg = f"{name} is declared twice"
            raise ValueError(msg)
    return found
