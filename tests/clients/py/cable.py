"""A cable between a client and the broker that a test can cut: a TCP relay on a port of its own."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from broker import OPEN, OTHER


class Cable:
    def __init__(self, *brokers: str) -> None:
        self._ends = [(address.hostname, address.port) for address in map(urlsplit, brokers)]
        self._whole = True
        self._writers: set = set()
        self._pumps: set = set()

    async def lay(self) -> "Cable":
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        return self

    @property
    def ws(self) -> str:
        """Where a client plugs in."""
        port = self._server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}/connection/websocket"

    async def _join(self, near_reader, near_writer) -> None:
        if not self._whole:
            near_writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._ends[0])
        self._writers |= {near_writer, far_writer}
        for pump in (self._pump(near_reader, far_writer), self._pump(far_reader, near_writer)):
            task = asyncio.ensure_future(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, reader, writer) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """Cuts what runs through it, without a word to either side, and lets nothing through until `mend`."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def mend(self) -> None:
        """Lets everything through again; to the other node, where there are two."""
        self._ends.reverse()
        self._whole = True

    async def remove(self) -> None:
        self.cut()
        self._server.close()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


@contextlib.asynccontextmanager
async def cable_to(broker: str = OPEN, other: str = OTHER):
    cable = await Cable(broker, other).lay()
    try:
        yield cable
    finally:
        await cable.remove()
