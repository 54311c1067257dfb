"""One connection to the broker that comes back by itself, with its subscriptions.

The client library reconnects on its own, but ends for good on some server errors; then a new client is made and every
subscription is put back.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import nats.errors
import structlog
from nats.aio.client import Client, Server
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from penstock.bus.nats.config import NatsConfig
from penstock.model.errors import Misconfigured, TooLarge, Unavailable

__all__ = ["Link", "Standing"]

_log: Final = structlog.get_logger(__name__)
_MAX_BACKOFF: Final = 2.0
_CLOSE_SECONDS: Final = 3.0
_NOT_CONNECTED: Final = (
    nats.errors.OutboundBufferLimitError,
    nats.errors.ConnectionClosedError,
    nats.errors.ConnectionDrainingError,
    nats.errors.ConnectionReconnectingError,
)

OnMessage = Callable[[Msg], Awaitable[None]]


@dataclass(slots=True)
class Standing:
    """A subscription that outlives reconnects. `max_messages` and `max_bytes` bound what waits to be handled; 0 is no bound."""

    subject: str
    handle: OnMessage
    queue: str = ""
    max_messages: int = 1_024
    max_bytes: int = 64 << 20
    current: Subscription | None = None


class Link:
    """To one broker (cluster). `lost` is called whenever the connection breaks or is closed."""

    def __init__(self, config: NatsConfig, lost: Callable[[], None]) -> None:
        self._config = config
        self._lost = lost
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._closing = False
        self._reopening: asyncio.Task[None] | None = None
        self._last_error: Exception | None = None
        self._standing: list[Standing] = []

    @property
    def is_open(self) -> bool:
        """Between `open` and `close`, connected or not."""
        return self._client is not None and not self._closing

    @property
    def is_up(self) -> bool:
        """Connected at this moment."""
        return self.is_open and self._up.is_set()

    @property
    def max_payload(self) -> int:
        """Bytes of headers and payload that the broker accepts in one message."""
        return self._client.max_payload if self._client is not None else 1 << 20

    @property
    def broker_version(self) -> tuple[int, int]:
        """Major and minor of the broker that it is connected to; (0, 0) while there is none."""
        if self._client is None:
            return 0, 0
        version = self._client.connected_server_version
        return version.major, version.minor

    async def open(self) -> None:
        """Connect, waiting for the broker for the configured time.

        Raises Unavailable, or Misconfigured when the broker refuses the credentials.
        """
        if self._client is not None:
            return
        self._closing = False
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._config.connect_timeout
        for attempt in itertools.count():
            if await self._connected():
                return
            if loop.time() > deadline or self._is_refused():
                raise self._open_failure()
            await asyncio.sleep(_backoff(attempt))

    async def close(self) -> None:
        """Send what waits to be sent and disconnect, within seconds even when the broker hangs."""
        self._closing = True
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
            self._reopening = None
        client, self._client = self._client, None
        self._standing.clear()
        if client is not None:
            await _disconnect(client)
        self._lost()
        self._up.set()  # whoever waits for the connection learns that there will be none

    async def wait_up(self) -> None:
        """Until there is a connection, or will never be one."""
        await self._up.wait()

    async def send(
        self,
        subject: str,
        payload: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        reply: str = "",
        wait: bool = True,
    ) -> None:
        """Hand one message to the connection. While there is none: wait for it (callers bound that) or, with `wait` False, fail.

        Raises TooLarge before anything is sent, Unavailable when the bus is not open.
        """
        size = len(payload) + _header_size(headers)
        if self._client is not None and size > self.max_payload:
            raise TooLarge(f"a message of {size} bytes is over the broker's bound of {self.max_payload}")
        while True:
            client = self._client
            if client is None or self._closing:
                raise Unavailable("the bus is not open")
            try:
                await client.publish(subject, payload, reply, dict(headers) if headers else None)
            except _NOT_CONNECTED as error:
                if not wait:
                    raise Unavailable(f"{subject} was not sent: the connection is down") from error
                if client is self._client:
                    self._up.clear()
                await self._up.wait()
            except nats.errors.Error as error:
                raise Unavailable(f"{subject} could not be published: {error}") from error
            else:
                return

    async def subscribe(self, standing: Standing) -> None:
        """Receive on a subject until `unsubscribe`, across reconnects."""
        self._standing.append(standing)
        try:
            await self.attach(standing)
        except Unavailable:
            self._standing.remove(standing)
            raise

    async def attach(self, standing: Standing) -> None:
        """Receive on a subject as long as this connection lasts."""
        if self._client is None or self._closing:
            raise Unavailable("the bus is not open")
        await _subscribe(self._client, standing)

    async def unsubscribe(self, standing: Standing) -> None:
        if standing in self._standing:
            self._standing.remove(standing)
        if standing.current is not None:
            with contextlib.suppress(nats.errors.Error):  # closed or away: then there is nothing to take back
                await standing.current.unsubscribe()

    async def flush(self, timeout: float = 5.0) -> None:
        """Until the broker has taken everything that was sent before, subscriptions too."""
        if self._client is None:
            raise Unavailable("the bus is not open")
        try:
            async with asyncio.timeout(timeout):
                await self._client.flush(timeout=max(1, int(timeout)))
        except (TimeoutError, OSError, nats.errors.Error) as error:
            raise Unavailable("the broker did not answer a ping") from error

    async def _connected(self) -> bool:
        """One attempt, over all servers. A failure is remembered for whoever gives up."""
        client = Client()
        try:
            # In its own first attempts the library would go on for ever, and could swallow the cancellation that ends them.
            await client.connect(
                self._config.servers,
                name=self._config.name,
                user=self._config.user,
                password=self._config.password,
                user_credentials=str(self._config.creds) if self._config.creds else None,
                inbox_prefix=self._config.inbox,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0.1,  # pyright: ignore[reportArgumentType]  any number of seconds will do
                reconnect_to_server_handler=_next_server,
                connect_timeout=2,
                ping_interval=2,  # a link that is half open is noticed within six seconds
                max_outstanding_pings=2,
                pending_size=0,  # nothing is kept to be sent later: callers know what was not sent
                error_cb=self._on_error,
                disconnected_cb=self._if_adopted(client, self._on_disconnected),
                reconnected_cb=self._if_adopted(client, self._on_reconnected),
                closed_cb=self._if_adopted(client, self._on_closed),
            )
            client.options.update(allow_reconnect=True, max_reconnect_attempts=-1)
            for standing in self._standing:
                await _subscribe(client, standing)
        except ModuleNotFoundError as error:
            raise Misconfigured(f"credentials files need the package {error.name}", hint="pip install nkeys") from error
        except (TimeoutError, OSError, Unavailable, nats.errors.Error) as error:
            cause = self._last_error if isinstance(error, nats.errors.NoServersError) else error
            await _disconnect(client)
            self._last_error = cause
            return False
        except BaseException:
            await _disconnect(client)
            raise
        if client.is_closed:  # in between, and nobody was told
            return False
        self._client = client
        self._last_error = None
        self._up.set()
        return True

    async def _reopen(self) -> None:
        for attempt in itertools.count():
            await asyncio.sleep(_backoff(attempt))
            if self._closing:
                return
            if await self._connected():
                _log.info("bus.reopened", attempts=attempt + 1)
                return

    def _if_adopted(self, client: Client, callback: Callable[[], None]) -> Callable[[], Awaitable[None]]:
        """What happens to a client before it is this connection's, or after it was given up, concerns nobody."""

        async def call() -> None:
            if client is self._client:
                callback()

        return call

    async def _on_error(self, error: Exception) -> None:
        self._last_error = error
        if isinstance(error, nats.errors.SlowConsumerError):
            _log.warning("bus.slow_consumer", subject=error.subject)
        else:
            _log.debug("bus.error", error=repr(error))

    def _on_disconnected(self) -> None:
        self._up.clear()
        self._lost()
        if not self._closing:
            _log.warning("bus.disconnected", error=repr(self._last_error))

    def _on_reconnected(self) -> None:
        self._up.set()
        _log.info("bus.reconnected")

    def _on_closed(self) -> None:
        self._up.clear()
        self._lost()
        if not self._closing and (self._reopening is None or self._reopening.done()):
            _log.warning("bus.closed", error=repr(self._last_error))
            self._reopening = asyncio.create_task(self._reopen())

    def _is_refused(self) -> bool:
        return "authorization violation" in repr(self._last_error).lower()

    def _open_failure(self) -> Misconfigured | Unavailable:
        if self._is_refused():
            return Misconfigured(
                f"the broker at {self._config.url} refuses these credentials", hint="check user and password, or creds"
            )
        return Unavailable(f"no broker answers at {self._config.url}: {self._last_error!r}", hint="is it running?")


async def _subscribe(client: Client, standing: Standing) -> None:
    try:
        standing.current = await client.subscribe(
            standing.subject,
            queue=standing.queue,
            cb=standing.handle,
            pending_msgs_limit=standing.max_messages,
            pending_bytes_limit=standing.max_bytes,
        )
    except nats.errors.Error as error:
        raise Unavailable(f"{standing.subject} could not be subscribed: {error}") from error


async def _disconnect(client: Client) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            if client.is_connected:
                await client.flush(timeout=1)
    except (TimeoutError, OSError, nats.errors.Error) as error:
        _log.debug("bus.flush_failed", error=repr(error))
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.close()
    except (TimeoutError, OSError, nats.errors.Error, AssertionError) as error:
        _log.debug("bus.close_failed", error=repr(error))


def _backoff(attempt: int) -> float:
    """Full jitter, so that the clients of a restarted broker do not come back in one wave."""
    return random.uniform(0, min(_MAX_BACKOFF, 0.05 * 2 ** min(attempt, 8)))


def _next_server(servers: list[Server], _info: Mapping[str, Any]) -> tuple[Server, float]:
    server = min(servers, key=lambda s: s.reconnects)
    return server, _backoff(server.reconnects)


def _header_size(headers: Mapping[str, str] | None) -> int:
    """Bytes of a header block on the wire, which count against the broker's payload bound."""
    if not headers:
        return 0
    return 12 + sum(len(key.encode()) + len(value.encode()) + 4 for key, value in headers.items())
