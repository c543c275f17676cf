"""OneRoster resources: the books, programs and other material that courses, classes and users refer to."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata
from standards.view import Branch, View, value

VIEW = View(
    "resources",
    "oneroster",
    "resource",
    (
        Branch(
            "resource",
            (
                *HEAD,
                metadata("resources"),
                value("title"),
                value("roles", form=outward("resourceRole", "oneroster")),
                value("importance", form=outward("importance", "oneroster")),
                value("vendorResourceId"),
                value("vendorId", "vendor"),
                value("applicationId", "application"),
            ),
        ),
    ),
)
