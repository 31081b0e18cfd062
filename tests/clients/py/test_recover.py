from cent import HistoryRemoveRequest, HistoryRequest, PublishRequest
from centrifuge import StreamPosition

from broker import unique
from cable import cable_to
from record import error_code


async def publish(api, channel: str, *numbers: int) -> None:
    for number in numbers:
        await api.publish(PublishRequest(channel=channel, data=number))


async def cut_off(cable, one, listener, act):
    """Cuts the cable, acts while the client is away, and waits until it is subscribed again."""
    one.record.of("connecting")
    while not one.record.of("connecting").empty():
        one.record.of("connecting").get_nowait()
    cable.cut()
    await one.next("connecting")
    await act()
    cable.mend()
    return await listener.next("subscribed")


async def test_a_client_cut_off_gets_exactly_what_it_missed_then_what_comes_live(user, api):
    channel = unique("chat")
    async with cable_to() as cable:
        one = await user(address=cable.ws)
        listener = await one.subscribe(channel)
        await publish(api, channel, 1, 2)
        assert await listener.data(2) == [1, 2]
        for first in (3, 6):
            answer = await cut_off(cable, one, listener, lambda: publish(api, channel, first, first + 1, first + 2))
            assert (answer.was_recovering, answer.recovered) == (True, True)
            assert await listener.data(3) == [first, first + 1, first + 2]
        await publish(api, channel, 9)
        assert await listener.data(1) == [9]
        await one.client.disconnect()


async def test_who_missed_more_than_is_kept_is_told_so(user, api):
    channel = unique("small")
    async with cable_to() as cable:
        one = await user(address=cable.ws)
        listener = await one.subscribe(channel)
        await publish(api, channel, 1)
        assert await listener.data(1) == [1]
        answer = await cut_off(cable, one, listener, lambda: publish(api, channel, 2, 3, 4, 5))
        assert (answer.was_recovering, answer.recovered) == (True, False)
        await publish(api, channel, 6)
        assert await listener.data(1) == [6]
        await one.client.disconnect()


async def test_removed_history_cannot_be_recovered(user, api):
    channel = unique("chat")

    async def act() -> None:
        await publish(api, channel, 2)
        await api.history_remove(HistoryRemoveRequest(channel=channel))

    async with cable_to() as cable:
        one = await user(address=cable.ws)
        listener = await one.subscribe(channel)
        await publish(api, channel, 1)
        assert await listener.data(1) == [1]
        answer = await cut_off(cable, one, listener, act)
        assert (answer.was_recovering, answer.recovered) == (True, False)
        await one.client.disconnect()


async def test_a_client_that_loads_its_state_loads_it_again_when_its_position_is_lost(user, api):
    channel = unique("small")
    loads = []

    async def get_state(of: str) -> StreamPosition:
        loads.append(of)
        top = await api.history(HistoryRequest(channel=of, limit=0))
        return StreamPosition(offset=top.offset, epoch=top.epoch)

    async with cable_to() as cable:
        one = await user(address=cable.ws)
        listener = await one.subscribe(channel, get_state=get_state)
        await publish(api, channel, 1)
        assert await listener.data(1) == [1]
        await cut_off(cable, one, listener, lambda: publish(api, channel, 2, 3, 4, 5))
        assert loads == [channel, channel]
        await publish(api, channel, 6)
        assert await listener.data(1) == [6]
        await one.client.disconnect()


async def test_history_forward_backward_and_since(user, api):
    channel = unique("chat")
    await publish(api, channel, 1, 2, 3, 4, 5)
    sub = (await (await user()).subscribe(channel)).sub
    top = await sub.history()
    assert (top.publications, top.offset) == ([], 5)
    since = StreamPosition(offset=2, epoch=top.epoch)

    async def data(**query) -> list:
        return [publication.data for publication in (await sub.history(**query)).publications]

    assert await data(limit=2) == [1, 2]
    assert await data(limit=-1) == [1, 2, 3, 4, 5]
    assert await data(limit=2, reverse=True) == [5, 4]
    assert await data(limit=2, since=since) == [3, 4]
    assert await data(limit=10, since=since, reverse=True) == [1]
    assert await error_code(sub.history(limit=1, since=StreamPosition(offset=1, epoch="another"))) == 112
