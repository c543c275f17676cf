"""The adapter for OneRoster servers, 1.1 and 1.2."""

from adapters.oneroster_rest.adapter import OneRosterRest

__all__ = ["OneRosterRest"]
