"""A client of a WebSocket door, spoken to over ASGI."""

import asyncio
import json


class Socket:
    """What came and how it ended; `named` is the member that says what a message is. With `takes` cleared it reads nothing any more."""

    def __init__(self, app, path, headers, *, named, subprotocols=()):
        self.accepted = False
        self.subprotocol = None
        self.status = None
        self.body = b""
        self.code = None
        self.messages = []
        self.takes = asyncio.Event()
        self.takes.set()
        self._named = named
        self._changed = asyncio.Event()
        self._out = asyncio.Queue(maxsize=100)
        self._out.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "ws",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "subprotocols": list(subprotocols),
            "headers": [(b"host", b"penstock.test"), *((k.encode(), v.encode()) for k, v in headers.items())],
            "server": ("penstock.test", 80), "client": ("127.0.0.1", 1), "extensions": {"websocket.http.response": {}},
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._out.get, self._send))

    async def _send(self, message):
        await self.takes.wait()
        match message["type"]:
            case "websocket.accept":
                self.accepted, self.subprotocol = True, message.get("subprotocol")
            case "websocket.send":
                self.messages.append(json.loads(message["text"]))
            case "websocket.close":
                self.code = message["code"]
                self._out.put_nowait({"type": "websocket.disconnect", "code": self.code})
            case "websocket.http.response.start":
                self.status = message["status"]
            case "websocket.http.response.body":
                self.body += message["body"]
        self._changed.set()

    def say(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        self._out.put_nowait({"type": "websocket.receive", "text": text})

    async def until(self, condition):
        async with asyncio.timeout(8):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()
        return self

    async def until_named(self, name, count=1):
        """The `count`-th message of this name; the connection's end also ends the waiting."""
        await self.until(lambda s: len(s.of(name)) >= count or s.code)
        return self.of(name)[count - 1]

    def of(self, name):
        return [message for message in self.messages if message[self._named] == name]

    async def ended(self):
        async with asyncio.timeout(8):
            await self.task
        return self.code

    async def hang_up(self):
        self._out.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.ended()
