"""Drives the published edfi-api-client as its users do, in a process of its own; prints what it saw as JSON.

``python drive_edfi_api_client.py BASE KEY SECRET TASK [NAME ...]``
"""

from __future__ import annotations

import json
import sys

from edfi_api_client import EdFiClient
from edfi_api_client.edfi_params import EdFiParams
from requests import HTTPError

PAGE = 500


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
    """The ids that a walk by offset from the last page to the first meets, in its order."""
    return {name: [row["id"] for row in backwards(client.resource(name))] for name in names}


def backwards(resource):
    params = EdFiParams({})
    params.init_reverse_page_by_offset(resource.get_total_count(), PAGE)
    while True:
        yield from resource.get(params=params)
        try:
            params.reverse_page_by_offset()
        except StopIteration:
            return


def stepped(client, *names):
    """The ids that a walk through change versions meets, backwards within each; none where a district has none."""
    return {name: tracing(client, name) for name in names}


def tracked(client, *names):
    """What is gone, and what bears another key, of each resource; none where a district has no change versions."""
    ways = ({"get_deletes": True}, {"get_key_changes": True})
    return {name: [tracing(client, name, **way) for way in ways] for name in names}


def tracing(client, name, **way):
    newest = client.get_newest_change_version()
    window = {"minChangeVersion": 0, "maxChangeVersion": newest}
    pages = client.resource(name, params=window, **way).get_pages(
        page_size=PAGE, step_change_version=True, change_version_step_size=newest
    )
    try:
        return [row["id"] for page in pages for row in page]
    except HTTPError as refusal:
        if "change" not in refusal.response.text:
            raise
        return None


TASKS = {
    "metadata": metadata, "token": token, "versions": versions, "counts": counts, "cursor": cursor, "offset": offset,
    "reverse": reverse, "stepped": stepped, "tracked": tracked,
}  # fmt: skip

if __name__ == "__main__":
    base, key, secret, task, *given = sys.argv[1:]
    json.dump(TASKS[task](EdFiClient(base, key, secret), *given), sys.stdout)
