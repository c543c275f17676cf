"""Drives the published edfi-api-client as its users do, in a process of its own; prints what it saw as JSON.

``python drive_edfi_api_client.py BASE KEY SECRET TASK [NAME ...]``
"""

from __future__ import annotations

import json
import sys

from edfi_api_client import EdFiClient

PAGE = 200


def metadata(client):
    """What the client makes of discovery and of the documents of both sections."""
    return {
        "info": client.get_info(),
        "version": client.get_ods_version(),
        "model": client.get_data_model_version(),
        "resources": [name for _, name in client.resources],
        "descriptors": [name for _, name in client.descriptors],
        "described": client.resource("students").description,
        "has_deletes": client.resource("students").has_deletes,
        "ping": client.resource("students").ping().status_code,
    }


def token(client):
    """What the client is told of its own token."""
    return client.get_token_info()


def versions(client):
    """The newest change version."""
    return client.get_newest_change_version()


def counts(client):
    """How many records each resource and descriptor has."""
    every = [*client.resources, *client.descriptors]
    return {name: client.resource(name, namespace=space).get_total_count() for space, name in every}


def cursor(client, *names):
    """The ids that a walk by page token meets, in its order."""
    return {name: [row["id"] for row in client.resource(name).get_rows(page_size=PAGE)] for name in names}


def offset(client, *names):
    """The ids that a walk by offset meets, in its order."""
    walks = {name: client.resource(name).get_pages(page_size=PAGE) for name in names}
    return {name: [row["id"] for page in pages for row in page] for name, pages in walks.items()}


def reverse(client, *names):
    """The ids that a walk from the last page to the first meets, within a window of change versions."""
    newest = client.get_newest_change_version()
    window = {"minChangeVersion": 0, "maxChangeVersion": newest}
    how = {"page_size": PAGE, "step_change_version": True, "change_version_step_size": newest}
    walks = {name: client.resource(name, params=window).get_pages(**how) for name in names}
    return {name: [row["id"] for page in pages for row in page] for name, pages in walks.items()}


def tracked(client, *names):
    """What is gone, and what bears another key, of each resource."""
    newest = client.get_newest_change_version()
    window = {"minChangeVersion": 0, "maxChangeVersion": newest}
    how = {"page_size": PAGE, "step_change_version": True, "change_version_step_size": newest}
    return {
        name: [
            list(client.resource(name, get_deletes=True, params=window).get_rows(**how)),
            list(client.resource(name, get_key_changes=True, params=window).get_rows(**how)),
        ]
        for name in names
    }


TASKS = {
    "metadata": metadata, "token": token, "versions": versions, "counts": counts, "cursor": cursor, "offset": offset,
    "reverse": reverse, "tracked": tracked,
}  # fmt: skip

if __name__ == "__main__":
    base, key, secret, task, *given = sys.argv[1:]
    json.dump(TASKS[task](EdFiClient(base, key, secret), *given), sys.stdout)
