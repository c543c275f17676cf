"""Clients of the demonstration, with their secrets in clear, which only a demonstration keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A registered client of the demonstration, with its secret in clear, which only a demonstration keeps."""

    name: str
    org: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    agreement: str
    districts: tuple[str, ...]
    purpose: str
    asks_for: str
