"""The unmodified centrifuge client with a record of what it tells, and ways to wait for it."""

import asyncio
import time
from typing import Any, Awaitable, Callable, Dict

from centrifuge import Client, ClientEventHandler, ReplyError, Subscription, SubscriptionEventHandler
from cent import CentApiResponseError

#: How long a test waits for what must come, in seconds.
PATIENCE = 10.0


class Record:
    """What a client or a subscription told, in order, by event name."""

    def __init__(self) -> None:
        self._told: Dict[str, asyncio.Queue] = {}

    def of(self, event: str) -> asyncio.Queue:
        return self._told.setdefault(event, asyncio.Queue())

    def keep(self, event: str, context: Any) -> None:
        self.of(event).put_nowait(context)

    async def next(self, event: str) -> Any:
        """The next of this event; fails the test if none comes."""
        try:
            return await asyncio.wait_for(self.of(event).get(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"no '{event}' in {PATIENCE} s") from None

    async def data(self, count: int) -> list:
        """The data of the next `count` publications."""
        return [(await self.next("publication")).pub.data for _ in range(count)]


def _recording(handler: type) -> type:
    """A handler of this kind that keeps all its events in `self.record`."""

    def keeper(event: str):
        async def keep(self, context):
            self.record.keep(event, context)

        return keep

    events = {name: keeper(name[3:]) for name in vars(handler) if name.startswith("on_")}
    return type(f"Recording{handler.__name__}", (handler,), events)


_ClientRecorder = _recording(ClientEventHandler)
_SubscriptionRecorder = _recording(SubscriptionEventHandler)


class User:
    """A client and its record."""

    def __init__(self, address: str, **options: Any) -> None:
        self.record = Record()
        events = _ClientRecorder()
        events.record = self.record
        self.client = Client(
            address, events=events, proxy=None, min_reconnect_delay=0.02, max_reconnect_delay=0.1, **options
        )
        self.next = self.record.next

    async def connect(self) -> "User":
        await self.client.connect()
        await self.client.ready(PATIENCE)
        return self

    def listener(self, channel: str, **options: Any) -> "Listener":
        return Listener(self.client, channel, **options)

    async def subscribe(self, channel: str, **options: Any) -> "Listener":
        return await self.listener(channel, **options).subscribe()

    async def refusal(self, channel: str, **options: Any) -> int:
        """The code with which the server refuses a subscription."""
        listener = self.listener(channel, **options)
        await listener.sub.subscribe()
        return (await listener.next("unsubscribed")).code


class Listener:
    """A subscription and its record."""

    def __init__(self, client: Client, channel: str, **options: Any) -> None:
        self.record = Record()
        self.next = self.record.next
        self.data = self.record.data
        events = _SubscriptionRecorder()
        events.record = self.record
        self.sub: Subscription = client.new_subscription(
            channel, events=events, min_resubscribe_delay=0.02, max_resubscribe_delay=0.1, **options
        )
        self.answer: Any = None

    async def subscribe(self) -> "Listener":
        await self.sub.subscribe()
        self.answer = await self.next("subscribed")
        return self


async def error_code(call: Awaitable[Any]) -> int:
    """The code of the error that a call ends with."""
    try:
        await call
    except (ReplyError, CentApiResponseError) as error:
        return error.code
    raise AssertionError("the call succeeded")


async def eventually(ask: Callable[[], Awaitable[Any]], satisfies: Callable[[Any], bool]) -> Any:
    """Asks again until the answer satisfies: for what the server does after it answered somebody else."""
    deadline = time.monotonic() + PATIENCE
    while not satisfies(answer := await ask()):
        assert time.monotonic() < deadline, f"still {answer}"
        await asyncio.sleep(0.02)
    return answer
