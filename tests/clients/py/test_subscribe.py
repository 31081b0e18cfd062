import asyncio

from cent import PublishRequest
from centrifuge import Filter

from broker import now, subscription_token, unique
from record import error_code


async def test_forced_recovery_gives_every_subscriber_a_position(user):
    answer = (await (await user()).subscribe(unique("chat"))).answer
    assert (answer.recoverable, answer.positioned, answer.was_recovering) == (True, True, False)
    assert answer.stream_position.offset == 0
    assert answer.stream_position.epoch


async def test_a_plain_channel_has_no_position(user):
    answer = (await (await user()).subscribe(unique(), recoverable=True, positioned=True)).answer
    assert (answer.recoverable, answer.positioned) == (False, False)


async def test_refusals_have_their_codes(user):
    anonymous, named = await user(), await user("42")
    assert await anonymous.refusal("nowhere:news") == 102
    assert await anonymous.refusal(unique("tokens")) == 103
    assert await anonymous.refusal(unique("users")) == 103
    assert await anonymous.refusal("n" * 256) == 107
    assert await named.refusal(unique("tokens"), token="garbage") == 103
    assert await named.refusal(f"{unique()}#41,43") == 103


async def test_a_subscription_token_opens_its_channel(user):
    channel = unique("tokens")
    token = subscription_token("42", channel, info={"role": "host"})
    listener = await (await user("42")).subscribe(channel, token=token)
    assert listener.answer.channel == channel


async def test_a_token_of_another_channel_or_user_ends_the_connection(user):
    channel = unique("tokens")
    for token in (subscription_token("42", unique("tokens")), subscription_token("43", channel)):
        one = await user("42")
        await one.listener(channel, token=token).sub.subscribe()
        assert (await one.next("disconnected")).code == 3500


async def test_an_expired_subscription_token_is_replaced_by_a_fresh_one(user):
    channel = unique("tokens")

    async def get_token(of: str) -> str:
        return subscription_token("42", of)

    old = subscription_token("42", channel, exp=now(-3600))
    listener = await (await user("42")).subscribe(channel, token=old, get_token=get_token)
    assert listener.answer.channel == channel


async def test_a_subscription_refreshes_its_token_before_it_expires(user, api):
    channel = unique("tokens")
    refreshed = asyncio.Event()

    async def get_token(of: str) -> str:
        refreshed.set()
        return subscription_token("42", of)

    token = subscription_token("42", channel, exp=now(2))
    listener = await (await user("42")).subscribe(channel, token=token, get_token=get_token)
    await listener.next("subscribing")
    await asyncio.wait_for(refreshed.wait(), 10)
    await api.publish(PublishRequest(channel=channel, data=1))
    assert await listener.data(1) == [1]
    assert listener.record.of("subscribing").empty()


async def test_publications_reach_all_in_order_the_publisher_too(user):
    channel = unique("chat")
    author = await (await user("42")).subscribe(channel)
    reader = await (await user()).subscribe(channel)
    for number in range(50):
        await author.sub.publish(number)
    for listener in (author, reader):
        assert await listener.data(50) == list(range(50))


async def test_who_may_not_publish_is_told_103(user):
    one = await user()
    assert await error_code(one.client.publish(unique("chat"), 1)) == 103
    assert await error_code(one.client.publish("nowhere:news", 1)) == 102


async def test_presence_stats_joins_and_leaves(user):
    channel = unique("chat")
    watcher = await (await user("1")).subscribe(channel, join_leave=True)
    assert (await watcher.next("join")).info.user == "1"
    visitor = await user("42", claims={"info": {"name": "Ada"}})
    visit = await visitor.subscribe(channel)
    assert (await watcher.next("join")).info.conn_info == {"name": "Ada"}
    presence = await watcher.sub.presence()
    assert sorted(info.user for info in presence.clients.values()) == ["1", "42"]
    stats = await watcher.sub.presence_stats()
    assert (stats.num_clients, stats.num_users) == (2, 2)
    await visit.sub.unsubscribe()
    assert (await watcher.next("leave")).info.user == "42"


async def test_presence_and_history_where_none_is_kept_are_108(user):
    listener = await (await user()).subscribe(unique())
    assert await error_code(listener.sub.presence()) == 108
    assert await error_code(listener.sub.presence_stats()) == 108
    assert await error_code(listener.sub.history(limit=1)) == 108


async def test_a_call_that_nobody_handles_is_108(user):
    assert await error_code((await user()).client.rpc("method", {})) == 108


async def test_only_what_the_filter_lets_through_arrives(user, api):
    channel = unique("tags")
    wanted = Filter.all(Filter.eq("kind", "fruit"), Filter.gte("price", "9.5"), Filter.negate(Filter.exists("sold")))
    listener = await (await user()).subscribe(channel, tags_filter=wanted)
    for name, tags in (
        ("apple", {"kind": "fruit", "price": "10"}),
        ("banana", {"kind": "fruit", "price": "9"}),
        ("cherry", {"kind": "fruit", "price": "11", "sold": "yes"}),
        ("carrot", {"kind": "root", "price": "12"}),
        ("date", {"kind": "fruit", "price": "9.50"}),
    ):
        await api.publish(PublishRequest(channel=channel, data=name, tags=tags))
    assert await listener.data(2) == ["apple", "date"]
