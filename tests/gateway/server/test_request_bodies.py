"""Request bodies on their way in count only as long as they are in memory."""

from __future__ import annotations

import asyncio

import pytest

from gateway.server import request_bodies
from gateway.server.request_bodies import Bodies
from standards.errors import RequestTimeout


def test_a_body_that_is_given_up_just_when_it_is_whole_counts_no_more(monkeypatch):
    monkeypatch.setattr(request_bodies, "MAX_BODIES", 1)

    async def one_gives_way_to_the_other():
        bodies, sent = Bodies(30, 1000), asyncio.get_running_loop().create_future()

        async def late():
            await sent
            return {"type": "http.request", "body": b"a" * 100}

        async def prompt():
            return {"type": "http.request", "body": b"b" * 10}

        older = asyncio.ensure_future(bodies.read(None, late))
        await asyncio.sleep(0)
        younger = asyncio.ensure_future(bodies.read(None, prompt))  # runs first, and gives the older one up
        sent.set_result(None)  # which by then is whole
        bodies.go(await younger)
        with pytest.raises(RequestTimeout):
            await older
        return bodies._bytes

    assert asyncio.run(one_gives_way_to_the_other()) == 0
