"""OneRoster resources: the books, programs and other material that courses, classes and users refer to."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata
from standards.view import Branch, View, v

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
                v("title"),
                v("roles", form=outward("resourceRole", "oneroster")),
                v("importance", form=outward("importance", "oneroster")),
                v("vendorResourceId"),
                v("vendorId", "vendor"),
                v("applicationId", "application"),
            ),
        ),
    ),
)
