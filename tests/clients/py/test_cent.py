"""Every method of the HTTP API through the `cent` library, synchronous and asynchronous."""

import inspect

import pytest
import pytest_asyncio
from cent import (
    AsyncClient,
    BatchRequest,
    BroadcastRequest,
    CentApiResponseError,
    CentUnauthorizedError,
    ChannelsRequest,
    Client,
    Disconnect,
    DisconnectRequest,
    HistoryRemoveRequest,
    HistoryRequest,
    InfoRequest,
    PresenceRequest,
    PresenceStatsRequest,
    PublishRequest,
    RefreshRequest,
    StreamPosition,
    SubscribeRequest,
    UnsubscribeRequest,
)

from broker import API_KEY, OPEN, unique


class Either:
    """A client of either kind behind one `await`."""

    def __init__(self, client) -> None:
        self._client = client

    def __getattr__(self, method: str):
        async def call(request):
            result = getattr(self._client, method)(request)
            return await result if inspect.isawaitable(result) else result

        return call


@pytest_asyncio.fixture(params=["sync", "async"])
async def cent(request, sync_api, api):
    return Either(sync_api if request.param == "sync" else api)


async def test_publish_answers_with_the_position(cent):
    channel = unique("chat")
    first = await cent.publish(PublishRequest(channel=channel, data={"n": 1}, tags={"a": "b"}, skip_history=False))
    second = await cent.publish(PublishRequest(channel=channel, data={"n": 2}))
    assert (first.offset, second.offset) == (1, 2)
    assert first.epoch == second.epoch != ""


async def test_publish_without_history_has_no_position(cent):
    plain = await cent.publish(PublishRequest(channel=unique(), data=1))
    assert (plain.offset, plain.epoch) == (0, "")
    channel = unique("chat")
    skipped = await cent.publish(PublishRequest(channel=channel, data=1, skip_history=True))
    assert (skipped.offset, skipped.epoch) == (0, "")
    assert (await cent.history(HistoryRequest(channel=channel, limit=10))).publications == []


async def test_an_idempotency_key_publishes_once_a_channel(cent):
    one, other = unique("chat"), unique("chat")
    key = unique()
    first = await cent.publish(PublishRequest(channel=one, data=1, idempotency_key=key))
    again = await cent.publish(PublishRequest(channel=one, data=2, idempotency_key=key))
    assert again == first
    responses = (await cent.broadcast(BroadcastRequest(channels=[one, other], data=3, idempotency_key=key))).responses
    assert [response.result.offset for response in responses] == [1, 1]
    history = await cent.history(HistoryRequest(channel=one, limit=10))
    assert [publication.data for publication in history.publications] == [1]


async def test_broadcast_answers_for_each_channel(cent):
    channels = [unique("chat"), "nowhere:news", unique("chat")]
    responses = (await cent.broadcast(BroadcastRequest(channels=channels, data=1))).responses
    assert [response.error and response.error.code for response in responses] == [None, 102, None]
    assert [response.result and response.result.offset for response in responses] == [1, None, 1]


async def test_history_and_its_removal(cent):
    channel = unique("chat")
    for number in range(1, 6):
        await cent.publish(PublishRequest(channel=channel, data={"n": number}, tags={"n": str(number)}))
    top = await cent.history(HistoryRequest(channel=channel))
    assert (top.offset, top.publications) == (5, [])
    page = await cent.history(HistoryRequest(channel=channel, limit=2, since=StreamPosition(offset=2, epoch=top.epoch)))
    told = [(p.offset, p.data, p.tags) for p in page.publications]
    assert told == [(3, {"n": 3}, {"n": "3"}), (4, {"n": 4}, {"n": "4"})]
    newest = await cent.history(HistoryRequest(channel=channel, limit=1, reverse=True))
    assert [p.offset for p in newest.publications] == [5]
    await cent.history_remove(HistoryRemoveRequest(channel=channel))
    rest = await cent.history(HistoryRequest(channel=channel, limit=10))
    assert (rest.publications, rest.offset) == ([], 5)


async def test_presence_and_stats(cent, user):
    channel = unique("chat")
    assert (await cent.presence(PresenceRequest(channel=channel))).presence == {}
    await (await user("42", claims={"info": {"name": "Ada"}})).subscribe(channel)
    [(key, info)] = (await cent.presence(PresenceRequest(channel=channel))).presence.items()
    assert (key, info.user, info.conn_info) == (info.client, "42", {"name": "Ada"})
    stats = await cent.presence_stats(PresenceStatsRequest(channel=channel))
    assert (stats.num_clients, stats.num_users) == (1, 1)


async def test_channels_by_pattern(cent, user):
    stem = unique("chat")
    one = await user()
    for tail in ("-a", "-b"):
        await one.subscribe(stem + tail)
    found = (await cent.channels(ChannelsRequest(pattern=f"{stem}-*"))).channels
    assert {name: info.num_clients for name, info in found.items()} == {f"{stem}-a": 1, f"{stem}-b": 1}
    assert list((await cent.channels(ChannelsRequest(pattern=f"{stem}-?"))).channels) != []
    assert (await cent.channels(ChannelsRequest(pattern="no such channel"))).channels == {}
    assert f"{stem}-a" in (await cent.channels(ChannelsRequest())).channels


async def test_info_tells_of_this_node(cent, user):
    await (await user()).subscribe(unique("chat"))
    [node] = (await cent.info(InfoRequest())).nodes
    assert node.uid and node.name
    assert [part.isdigit() for part in node.version.split(".")[:2]] == [True, True]
    assert min(node.num_clients, node.num_channels, node.num_subs) >= 1


async def test_calls_about_nobody_succeed(cent):
    nobody = {"user": unique(), "client": "client", "session": "session"}
    position = StreamPosition(offset=1, epoch="1")
    await cent.subscribe(SubscribeRequest(channel=unique("chat"), data={"a": 1}, recover_since=position, **nobody))
    await cent.unsubscribe(UnsubscribeRequest(channel=unique("chat"), **nobody))
    bye = Disconnect(code=4000, reason="reason")
    await cent.disconnect(DisconnectRequest(whitelist=["c1"], disconnect=bye, **nobody))
    await cent.refresh(RefreshRequest(expire_at=1, expired=True, **nobody))


@pytest.mark.parametrize("parallel", [True, False])
async def test_a_batch_answers_in_the_order_of_its_commands(cent, parallel):
    one, other, empty = unique("chat"), unique("chat"), unique("chat")
    requests = [
        PublishRequest(channel=one, data=2),
        PublishRequest(channel=other, data=1),
        BroadcastRequest(channels=[one, other], data=3),
        PresenceRequest(channel=empty),
        InfoRequest(),
    ]
    replies = (await cent.batch(BatchRequest(requests=requests, parallel=parallel))).replies
    assert len(replies) == 5
    assert replies[0].offset >= 1 and replies[1].offset >= 1
    assert all(response.result.offset for response in replies[2].responses)
    assert replies[3].presence == {}
    assert len(replies[4].nodes) == 1


@pytest.mark.parametrize(
    "method, request_, code, message",
    [
        ("publish", PublishRequest(channel="nowhere:news", data=1), 102, "unknown channel"),
        ("publish", PublishRequest(channel="", data=1), 107, 'bad request: field "channel" is missing'),
        ("publish", PublishRequest(channel="chat:x", data=None), 107, 'bad request: field "data" is missing'),
        ("broadcast", BroadcastRequest(channels=[], data=1), 107, 'bad request: field "channels" is missing'),
        ("history", HistoryRequest(channel="plain", limit=1), 108, "not available"),
        ("history_remove", HistoryRemoveRequest(channel="plain"), 108, "not available"),
        ("presence", PresenceRequest(channel="plain"), 108, "not available"),
        ("presence_stats", PresenceStatsRequest(channel=""), 107, 'bad request: field "channel" is missing'),
        ("subscribe", SubscribeRequest(user="42", channel="nowhere:news"), 102, "unknown channel"),
        ("channels", ChannelsRequest(pattern="["), 107, 'bad request: field "pattern" is not valid'),
        ("disconnect", DisconnectRequest(user="42", disconnect=Disconnect(code=1000, reason="x")), 107, 'bad request: field "disconnect.code"'),
    ],
)
async def test_errors_have_their_code_and_message(cent, method, request_, code, message):
    with pytest.raises(CentApiResponseError) as caught:
        await getattr(cent, method)(request_)
    assert caught.value.code == code
    assert caught.value.message.startswith(message), caught.value.message


async def test_a_position_of_another_epoch_is_112(cent):
    channel = unique("chat")
    await cent.publish(PublishRequest(channel=channel, data=1))
    with pytest.raises(CentApiResponseError) as caught:
        await cent.history(HistoryRequest(channel=channel, limit=1, since=StreamPosition(offset=1, epoch="another")))
    assert caught.value.code == 112


@pytest.mark.parametrize("key", ["", "wrong", API_KEY[:-1]])
async def test_a_wrong_key_is_unauthorized(key):
    client = Client(f"{OPEN}/api", key)
    with pytest.raises(CentUnauthorizedError):
        client.info(InfoRequest())
    client.close()
    async_client = AsyncClient(f"{OPEN}/api", key)
    with pytest.raises(CentUnauthorizedError):
        await async_client.info(InfoRequest())
    await async_client.close()
