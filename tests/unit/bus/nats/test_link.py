import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client

from penstock.bus.nats import NatsConfig
from penstock.bus.nats.link import Link, Standing, _backoff, _header_size
from penstock.model.errors import Unavailable


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_pauses_between_attempts_grow_to_two_seconds_and_no_further(attempt: int) -> None:
    assert 0 <= _backoff(attempt) <= min(2.0, 0.05 * 2 ** min(attempt, 10))


HEADERS = st.dictionaries(
    st.text("abcXYZ-", min_size=1, max_size=9), st.text(st.characters(exclude_categories=("C", "Z")), max_size=9)
)


class Wire(Client):
    """A client that keeps what it would send."""

    sent = b""

    async def _send_command(self, cmd: bytes, priority: bool = False) -> None:
        self.sent += cmd


@settings(deadline=None)
@given(HEADERS)
def test_the_size_of_headers_is_what_they_take_on_the_wire(headers: dict[str, str]) -> None:
    wire = Wire()
    asyncio.run(wire._send_publish("s", "", b"", 0, headers or None))
    *_, header_bytes, _total = wire.sent.split(b"\r\n")[0].split(b" ")
    assert _header_size(headers) == (int(header_bytes) if headers else 0)


async def test_nothing_can_be_sent_or_received_before_the_link_is_open() -> None:
    async def handle(_message: object) -> None: ...

    link = Link(NatsConfig("nats://127.0.0.1:1"), lambda: None)
    with pytest.raises(Unavailable):
        await link.send("a", b"")
    with pytest.raises(Unavailable):
        await link.subscribe(Standing("a", handle))
    with pytest.raises(Unavailable):
        await link.flush()
    await link.close()
