"""F3: the power fails. Everything ends at one instant and what was not fsynced is gone, below the broker or below the store.

Killing processes cannot show this: the page cache survives them. Controls that must lose data prove that the test can see.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import structlog

from penstock.app.broker import BrokerConfig, locate_server, render_config
from penstock.bus import Lane, tenant_subject
from penstock.bus.nats import NatsBus, NatsConfig
from tests.faults import check, readback
from tests.faults.drill import Drill, Report, recipe
from tests.faults.lossy import Lossy, missing
from tests.faults.plan import Absent, Case, fault
from tests.faults.platform import Up, free_port, seconds_to_serve
from tests.journeys.conftest import pause

log = structlog.get_logger(__name__)
_MESSAGES = 300
_PASSWORD = "for-this-test-only"


@fault("F3a", "power cut below nats-server", bounded=2, long=50)
def below_the_broker(case: Case) -> Report:
    report = _cuts(case, "nats")
    lost = {sync: asyncio.run(_raw_broker(case.home / f"control-{sync}", default_sync=sync)) for sync in (True, False)}
    report.numbers["control: acked lost with the default sync_interval"] = f"{lost[True]} of {_MESSAGES}"
    if lost[True] == 0:
        report.violations.append(
            "control: a broker with its default sync_interval lost nothing, so this test sees nothing"
        )
    if lost[False]:
        report.violations.append(
            f"control: with sync_interval always {lost[False]} of {_MESSAGES} acknowledged were lost"
        )
    return report


@fault("F3b", "power cut below the DuckDB store", bounded=2, long=50)
def below_the_store(case: Case) -> Report:
    report = _cuts(case, "store")
    lost = _deaf_store(case)
    report.numbers["control: readings lost on a disk that lies about fsync"] = lost
    if lost == 0:
        report.violations.append("control: a disk that forgets fsync lost nothing, so this test sees nothing")
    return report


def _cuts(case: Case, below: str) -> Report:
    """Power cuts under load on one platform, the lossy disk below one of its directories."""
    _must_be_possible()
    home, rng = case.part(0), case.rng
    up = Up(home)
    with Lossy(up.data / below) as disk:
        try:
            up.start()
            drill = Drill(up, home)
            took: list[float] = []
            forgotten = 0
            with drill.load(recipe(case.seed), seconds=4.0 * case.count):
                for _ in range(case.count):
                    pause(rng.uniform(1.0, 3.0))
                    up.power_off()
                    forgotten += disk.cut()[0]
                    up.start()
                    took.append(seconds_to_serve(up))
            report = drill.verify()
        finally:
            up.stop()
    report.numbers |= {"cuts": case.count, "recovery_max_s": round(max(took), 1), "forgotten_bytes": forgotten}
    return report


def _deaf_store(case: Case) -> int:
    """Readings that were acknowledged and are gone when the store's disk forgets everything it was told to keep."""
    home = case.part(1)
    up = Up(home)
    with Lossy(up.data / "store", deaf=True) as disk:
        try:
            up.start()
            drill = Drill(up, home)
            with drill.load(recipe(case.seed), seconds=2):
                pass
            drill.drained()
            up.power_off()
            disk.cut()
            up.start()
            stored = readback.over_rest(up.url, up.keys)
            return drill.books().expected().height - stored.height if check.readings(drill.books(), stored) else 0
        finally:
            up.stop()


async def _raw_broker(home: Path, *, default_sync: bool) -> int:
    """Messages that a nats-server acknowledged and does not have after a power cut, of _MESSAGES."""
    with Lossy(home / "nats") as disk:
        server = await asyncio.to_thread(_start_server, home, default_sync=default_sync)
        try:
            bus = NatsBus(NatsConfig(_url(home), "penstock", _PASSWORD, trust_durability=True))
            await bus.open()
            for number in range(_MESSAGES):
                await bus.publish(
                    Lane.READINGS, tenant_subject(Lane.READINGS, "default"), b"x" * 2_000, {"n": str(number)}
                )
            _end(server, signal.SIGKILL)
            await bus.close()
            disk.cut()
            server = await asyncio.to_thread(_start_server, home, default_sync=default_sync)
            bus = NatsBus(NatsConfig(_url(home), "penstock", _PASSWORD, trust_durability=True))
            await bus.open()  # makes the lanes anew if they are gone as well
            kept = (await bus.pending(Lane.READINGS)).messages
            await bus.close()
        finally:
            _end(server, signal.SIGTERM)
    return _MESSAGES - kept


def _start_server(home: Path, *, default_sync: bool) -> subprocess.Popen[bytes]:
    """nats-server as Penstock configures it, but for `sync_interval` if that is to be the server's default."""
    (home / "log").mkdir(exist_ok=True)
    port = home / "port"
    if not port.exists():
        port.write_text(str(free_port()))
    text = render_config(BrokerConfig(home), password=_PASSWORD, port=int(port.read_text()), monitor_port=0)
    assert "sync_interval: always" in text
    if default_sync:
        text = text.replace("  sync_interval: always\n", "")
    config = home / "nats.conf"
    config.write_text(text)
    return subprocess.Popen(
        [str(locate_server()), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _url(home: Path) -> str:
    return f"nats://127.0.0.1:{(home / 'port').read_text()}"


def _end(server: subprocess.Popen[bytes], number: int) -> None:
    if server.poll() is None:
        os.kill(server.pid, number)
    server.wait()


def _must_be_possible() -> None:
    if reason := missing():
        raise Absent(f"FUSE cannot be used here: {reason}")
