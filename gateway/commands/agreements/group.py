"""The group of commands about agreements."""

from __future__ import annotations

import click


@click.group()
def agreements() -> None:
    """Tell what agreements change, who can see what and who has signed; write them out for people; draft them."""
