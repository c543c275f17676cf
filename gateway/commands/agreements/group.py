"""The group of commands about agreements."""

from __future__ import annotations

import click


@click.group()
def agreements() -> None:
    """Write agreements out for people, and draft them from a schedule of data."""
