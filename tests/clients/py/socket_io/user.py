"""The unmodified python-socketio with a record of what it tells, and ways to wait for it.

The servers are three of the fixture that `tests/clients/js/socketio/original.js` describes. Against the original server,
from this folder, with the packages that `cargo test --test clients` installed:

    node ../../js/socketio/against_original.js -- ../../../../target/clients/py/venv/bin/python -m pytest
"""

import asyncio
import itertools
import os
import time
from typing import Any, Dict, Iterable

import socketio
from engineio.payload import Payload

# The library drops a polling connection that brings more than 16 packets at once. This is how it is told to take more.
Payload.max_decode_packets = 10_000

#: How long a test waits for what must come, in seconds.
PATIENCE = 10.0


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: see against_original.js")
    return value


#: The fixture with long times, and the one with a ping every 300 ms.
LASTING = _setting("TEST_SOCKETIO_URL")
#: Where every second client connects: another node on the Redis of LASTING, where there is one.
OTHER = os.environ.get("TEST_SOCKETIO_OTHER_URL") or LASTING
BRISK = _setting("TEST_SOCKETIO_BRISK_URL")

#: The ways to connect; the first is the library's default.
TRANSPORTS = {"polling-then-websocket": None, "websocket-alone": ["websocket"], "polling-alone": ["polling"]}

_numbers = itertools.count(1)
_nodes = itertools.cycle((LASTING, OTHER))


def unique() -> str:
    """A name that no other test uses."""
    return f"p{os.getpid()}-{time.time_ns():x}-{next(_numbers)}"


def own_namespace() -> str:
    """A namespace that no other test uses."""
    return f"/room-{unique()}"


class User:
    """A client and its record: events by (namespace, name), lifecycle events among them."""

    def __init__(self, transports=None, url: str = "", namespaces: Iterable[str] = ("/",), **options: Any) -> None:
        self.client = socketio.AsyncClient(
            reconnection_delay=0.02, reconnection_delay_max=0.1, randomization_factor=0, **options
        )
        self.transports = transports
        self.url = url or next(_nodes)
        self.namespaces = list(namespaces)
        self._told: Dict[tuple, asyncio.Queue] = {}
        for namespace in self.namespaces:
            for event in ("connect", "connect_error", "disconnect"):
                self.client.on(event, self._keeper(namespace, event), namespace)
            self.client.on("*", self._everything(namespace), namespace)

    def _queue(self, namespace: str, event: str) -> asyncio.Queue:
        return self._told.setdefault((namespace, event), asyncio.Queue())

    def _keeper(self, namespace: str, event: str):
        async def keep(*args):
            self._queue(namespace, event).put_nowait(args)

        return keep

    def _everything(self, namespace: str):
        async def keep(event, *args):
            self._queue(namespace, event).put_nowait(args)

        return keep

    async def connect(self, auth=None) -> "User":
        await self.client.connect(
            self.url, auth=auth, transports=self.transports, namespaces=self.namespaces, wait_timeout=PATIENCE
        )
        return self

    async def next(self, event: str, namespace: str = "") -> tuple:
        """The arguments of the next of this event; fails the test if none comes."""
        try:
            return await asyncio.wait_for(self._queue(namespace or self.namespaces[0], event).get(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"no '{event}' in {PATIENCE} s") from None

    def heard(self, event: str, namespace: str = "") -> int:
        """How many of this event wait to be taken."""
        return self._queue(namespace or self.namespaces[0], event).qsize()

    async def emit(self, event: str, *args: Any, namespace: str = "") -> None:
        await self.client.emit(event, args, namespace=namespace or self.namespaces[0])

    async def ask(self, event: str, *args: Any, namespace: str = "", timeout: float = PATIENCE) -> Any:
        """What the server acknowledges: one argument as it is, several as a tuple."""
        return await self.client.call(event, args, namespace=namespace or self.namespaces[0], timeout=timeout)

    async def echo(self, *args: Any, namespace: str = "") -> list:
        """What comes back of a message with these arguments."""
        await self.emit("message", *args, namespace=namespace)
        return list(await self.next("message-back", namespace))

    async def cut(self) -> None:
        """Takes the connection away under the client, which will come back."""
        await self.client.eio.http.close()
