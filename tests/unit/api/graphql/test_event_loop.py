"""However large a query is, other requests of the process go on: no piece of it holds the API's event loop."""

import asyncio
import contextlib
import gc
import time

# 120 lines of 80 windows each: 9,720 objects with 58,000 fields.
LARGEST = """{ tenant(where: {room: "r*"}) { aggregate(input: {by: ["site", "sensor", "metric"], window: "3m", fill: NULL,
    from: "2026-01-31T08:00:00Z", to: "2026-01-31T12:00:00Z"})
    { lines { site sensor buckets { ts label value count coverage percentGood } } } } }"""


class Stalls:
    """The longest that the running event loop was held since it began: CPU seconds of its thread, and seconds on the wall."""

    def __init__(self):
        self.cpu = self.wall = 0.0

    async def watch(self):
        cpu, wall = time.thread_time(), time.monotonic()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time(), time.monotonic()
            self.cpu, self.wall = max(self.cpu, now[0] - cpu), max(self.wall, now[1] - wall)
            cpu, wall = now


@contextlib.asynccontextmanager
async def stalls():
    """Watches from entering to leaving."""
    probe = Stalls()
    watching = asyncio.create_task(probe.watch())
    await asyncio.sleep(0)
    try:
        yield probe
        await asyncio.sleep(0.01)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_the_probe_sees_what_holds_the_loop():
    async with stalls() as probe:
        began = time.thread_time()
        while time.thread_time() - began < 0.2:
            pass
    assert probe.cpu > 0.15
    assert probe.wall > 0.15


async def test_the_largest_answer_holds_the_event_loop_for_no_more_than_an_instant(world, estate, ask):
    await ask("{ tenant { sites { name } } }")  # the first question loads the library
    client = world.client()
    gc.disable()  # a collection takes as long as everything is large that the tests before left behind
    began = time.process_time()
    try:
        async with stalls() as probe:
            answer = await client.post("/graphql", json={"query": LARGEST})
    finally:
        gc.enable()
    took = time.process_time() - began
    lines = answer.json()["data"]["tenant"]["aggregate"]["lines"]
    assert len(lines) + sum(len(line["buckets"]) for line in lines) > 9_000
    assert probe.cpu < max(0.05, took / 8), f"of {took:.2f} s"
    assert probe.wall < took, "the interpreter's lock was not handed over"
