"""Pages of districts: how each is connected, what came of its files, and what people do about it."""

from gateway.console.districts import connect
from gateway.console.districts.pages import blueprint

__all__ = ["blueprint", "connect"]
