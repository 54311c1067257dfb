"""`penstock up`: every role on this machine under one light supervisor, with a NATS server of its own.

    supervisor ─┬─ nats-server            (unless nats_url names one)
                ├─ core   process, query  owns the embedded store
                ├─ edge   ingest, api     owns HTTP and TCP
                └─ simulate               with --demo

It loads neither NumPy nor Arrow nor DuckDB. The listening socket belongs to the supervisor, so clients wait while a crashed
`edge` is replaced. Draining goes against the flow of data: what sends stops first, the bus last.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from penstock.app.broker import Broker, BrokerAddress, BrokerConfig
from penstock.app.brokerkeeper import BrokerKeeper
from penstock.app.config import ENV_PREFIX, Settings
from penstock.app.datadir import DataDir, Running
from penstock.app.exposure import check_exposure
from penstock.app.keeper import Backoff, Worker, WorkerSpec
from penstock.app.listen import bind_socket, free_bind
from penstock.app.probe import until_ready
from penstock.app.welcome import Checklist, welcome
from penstock.model.errors import Conflict

__all__ = ["Supervisor"]

log: Final = structlog.get_logger(__name__)

_READY_SECONDS: Final = 60.0
_HISTORY_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 9.0
_STOP_SHARES: Final = {"simulate": 1.0, "edge": 4.0, "core": 4.0}
"""At most so many of the ten seconds that stopping may take; what one leaves is the next one's."""
_CLOSING_SECONDS: Final = 12.0
_OWNER_SECONDS: Final = 0.7
_REWRITE_SECONDS: Final = 1.0
_LEAN: Final = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OPENBLAS_NUM_THREADS": "1",
    "GLIBC_TUNABLES": ":".join(
        f"glibc.malloc.{name}={value}"
        for name, value in {
            "arena_max": 2,
            "hugetlb": 1,
            "mmap_threshold": 256 << 20,
            "trim_threshold": 256 << 20,
            "top_pad": 16 << 20,
        }.items()
    ),
}
"""For the workers, unless the environment says otherwise.

Few arenas keep memory small. Columns of 100 kB to 10 MB come and go with every batch: kept by the process, in huge pages where
the kernel grants them, they are not handed back and faulted in again, which took 5 to 25 % of the CPU time of ingestion.
"""


class Supervisor:
    """One platform on one data directory; `run` it once, from the main thread."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self._settings = settings
        self._demo = demo
        self._data = DataDir(settings.data)
        self._checklist = Checklist(sys.stderr)
        self._stop = asyncio.Event()
        self._broker: Broker | None = None
        self._keeper: BrokerKeeper | None = None
        self._address: BrokerAddress | None = None
        self._workers: dict[str, Worker] = {}
        self._history: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._started = time.time_ns() // 1_000_000
        self._url = ""
        self._rewriting: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Bring everything up, keep it up until a signal, drain it.

        Raises an ExceptionGroup that holds the PenstockError for which it could not come up, or could not stay up.
        """
        check_exposure(self._settings)
        await self._lock()
        try:
            with contextlib.ExitStack() as sockets:
                listeners = self._listen(sockets)
                self._on_signals()
                async with asyncio.TaskGroup() as tasks:
                    coming_up = tasks.create_task(self._bring_up(tasks, listeners), name="bring-up")
                    try:
                        await self._stop.wait()
                    finally:
                        coming_up.cancel()
                        sockets.close()
                        await self._drain()
        finally:
            self._data.clear_state()
            self._data.unlock()

    # -- up

    async def _lock(self) -> None:
        """Own the data directory; processes that a killed supervisor left behind get the time to drain.

        One that was killed a moment ago may still look alive, so an owner is asked again before it is believed.
        """
        began = time.monotonic()
        while True:
            try:
                self._data.lock()
            except Conflict as error:
                patience = _CLOSING_SECONDS if error.code == "data_dir_closing" else _OWNER_SECONDS
                if time.monotonic() > began + patience:
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    def _listen(self, sockets: contextlib.ExitStack) -> Mapping[str, socket.socket]:
        """Setting → its listening socket, which `sockets` closes."""
        settings = self._settings
        listeners: dict[str, socket.socket] = {}
        listener = bind_socket("http", settings.http, explicit=settings.is_explicit("http"))
        listeners["http"] = sockets.enter_context(listener)
        port = listener.getsockname()[1]
        if port != settings.http.port != 0:
            self._checklist.note(f"port {settings.http.port} is in use, so HTTP is on {port}")
        tcp = settings.tcp
        if tcp is not None:
            listeners["tcp"] = sockets.enter_context(bind_socket("tcp", tcp, explicit=True))
            tcp = tcp._replace(port=listeners["tcp"].getsockname()[1])
        self._settings = replace(settings, http=settings.http._replace(port=port), tcp=tcp, data=self._data.path)
        scheme = "https" if settings.http_tls_cert else "http"
        self._url = f"{scheme}://{self._settings.http.reachable}"
        self._data.local_key()
        return listeners

    async def _bring_up(self, tasks: asyncio.TaskGroup, listeners: Mapping[str, socket.socket]) -> None:
        await self._start_broker(tasks)
        fds = (self._data.lock_fd,)
        self._spawn(tasks, "core", "process,query", inherit=fds)
        numbers = {name: listener.fileno() for name, listener in listeners.items()}
        flags = [word for name, fd in numbers.items() for word in (f"--{name}-fd", str(fd))]
        flags += ["--demo"] if self._demo else []
        edge = self._spawn(tasks, "edge", "ingest,api", *flags, inherit=(*fds, *numbers.values()))
        if self._demo:
            self._spawn(tasks, "simulate", "simulate", "--demo", inherit=fds)
        await self._workers["core"].ready
        self._checklist.done("store", "DuckDB, one transaction per batch")
        facts = await edge.ready
        await until_ready(self._settings.http, cert=self._settings.http_tls_cert, seconds=_READY_SECONDS)
        self._checklist.done("http", self._url)
        if self._settings.tcp is not None:
            self._checklist.done("tcp", f"{self._settings.tcp}{', TLS' if self._settings.http_tls_cert else ''}")
        if self._demo:
            async with asyncio.timeout(_HISTORY_SECONDS):
                history = await self._history
            self._checklist.done("history", str(history["summary"]))
        sys.stdout.write(f"ready {self._url}\n")
        sys.stdout.flush()
        welcome(sys.stderr, self._url, str(facts["login"]), self._data.path, demo=self._demo)

    async def _start_broker(self, tasks: asyncio.TaskGroup) -> None:
        settings = self._settings
        if settings.nats_url:
            self._checklist.done("bus", settings.nats_url)
            return
        wanted = free_bind("nats", settings.nats, explicit=settings.is_explicit("nats"))
        if wanted.port != settings.nats.port:
            self._checklist.note(f"port {settings.nats.port} is in use, so NATS is on {wanted.port}")
        config = BrokerConfig(
            data_dir=self._data.path, host=wanted.host, port=wanted.port, max_bytes_per_lane=settings.lane_max_bytes
        )
        self._broker = Broker(config)
        address = self._address = await self._broker.start()
        self._keeper = BrokerKeeper(self._broker, address, self._data.path / "nats", changed=self._write_state)
        tasks.create_task(self._keeper.keep(), name="keep:nats")
        self._settings = replace(
            settings,
            nats_url=address.url,
            nats_user=address.user,
            nats_password=address.password,
            nats_monitor_url=address.monitor_url,
        )
        self._checklist.done("bus", f"{address.url}, fsync before every acknowledgement")

    def _spawn(self, tasks: asyncio.TaskGroup, name: str, roles: str, *flags: str, inherit: tuple[int, ...]) -> Worker:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ENV_PREFIX)}
        spec = WorkerSpec(name, (roles, *flags), _LEAN | kept | self._settings.environment(), inherit)
        worker = Worker(spec, changed=self._write_state, heard=self._heard, backoff=Backoff())
        self._workers[name] = worker
        tasks.create_task(worker.keep(), name=f"keep:{name}")
        return worker

    def _heard(self, message: Mapping[str, Any]) -> None:
        if "history" in message and not self._history.done():
            self._history.set_result(message["history"])

    def _write_state(self) -> None:
        """Tell other programs how things are; on a full disk again in a second, since nothing runs worse without it."""
        try:
            self._data.write_state(self._state())
        except OSError as error:
            log.error("the state file could not be written", path=str(self._data.state_file), error=str(error))
            if self._rewriting is not None:
                self._rewriting.cancel()
            if not self._stop.is_set():
                self._rewriting = asyncio.get_running_loop().call_later(_REWRITE_SECONDS, self._write_state)

    def _state(self) -> Running:
        settings, address = self._settings, self._address
        processes = {name: worker.pid for name, worker in self._workers.items() if worker.pid is not None}
        if self._broker is not None and self._broker.pid is not None:
            processes["nats"] = self._broker.pid
        kept: dict[str, Worker | BrokerKeeper] = {**self._workers, **({"nats": self._keeper} if self._keeper else {})}
        return Running(
            pid=os.getpid(),
            started=self._started,
            url=self._url,
            nats_url=settings.nats_url,
            nats_monitor_url=settings.nats_monitor_url,
            nats_user=address.user if address else settings.nats_user,
            nats_password=address.password if address else settings.nats_password,
            processes=processes,
            restarts={name: keeper.restarts for name, keeper in kept.items()},
            ended={name: keeper.ended.times for name, keeper in kept.items()},
            demo=self._demo,
            tls_cert=str(settings.http_tls_cert.absolute()) if settings.http_tls_cert else "",
            tcp=str(settings.tcp.reachable) if settings.tcp else "",
        )

    # -- down

    def _on_signals(self) -> None:
        """First signal: drain. Second: end everything now."""
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if self._stop.is_set():
                log.warning("a second signal: stopping without draining")
                self._kill()
            else:
                self._checklist.note("stopping; a second Ctrl-C ends at once")
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)

    async def _drain(self) -> None:
        """Stop what sends before what receives, the bus last, all within ten seconds."""
        deadline = time.monotonic() + _STOP_SECONDS
        for name, share in _STOP_SHARES.items():
            if worker := self._workers.get(name):
                await worker.stop(min(share, max(0.2, deadline - time.monotonic() - 1.0)))
        if self._broker is not None:
            killer = asyncio.get_running_loop().call_later(
                max(0.5, deadline - time.monotonic()), self._kill_broker, self._broker
            )
            await (self._keeper or self._broker).stop()
            killer.cancel()
        if self._workers:
            self._checklist.note(f"stopped; everything is kept in {self._data.path}")

    def _kill(self) -> None:
        for worker in self._workers.values():
            worker.signal(signal.SIGKILL)
        if self._broker is not None:
            self._kill_broker(self._broker)

    def _kill_broker(self, broker: Broker) -> None:
        if broker.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(broker.pid, signal.SIGKILL)
