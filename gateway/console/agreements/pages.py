"""All pages of agreements, which share one blueprint."""

from __future__ import annotations

from typing import Final

from gateway.console.agreements import beginning, deciding, editor, views

MODULES: Final = (views, beginning, deciding, editor)
"""The modules that add their pages to the blueprint."""

blueprint = views.blueprint
