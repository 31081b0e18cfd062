from cent import (
    Disconnect,
    DisconnectRequest,
    PresenceRequest,
    PresenceStatsRequest,
    PublishRequest,
    RefreshRequest,
    SubscribeRequest,
    UnsubscribeRequest,
)

from broker import connection_token, unique


async def test_the_channels_of_the_token_are_subscribed_with_the_connection(user, api):
    name, channel = unique(), unique("chat")
    one = await user(name, claims={"channels": [channel]})
    told = {(await one.next("subscribed")).channel for _ in range(2)}
    assert told == {channel, f"#{name}"}
    await api.publish(PublishRequest(channel=channel, data=1))
    publication = await one.next("publication")
    assert (publication.channel, publication.pub.data) == (channel, 1)


async def test_a_user_has_a_channel_of_its_own(user, api):
    name = unique()
    one = await user(name)
    assert (await one.next("subscribed")).channel == f"#{name}"
    await api.publish(PublishRequest(channel=f"#{name}", data="for you"))
    assert (await one.next("publication")).pub.data == "for you"


async def test_the_api_subscribes_and_unsubscribes_a_user(user, api):
    name, channel = unique(), unique("chat")
    one = await user(name)
    await one.next("subscribed")
    await api.subscribe(SubscribeRequest(user=name, channel=channel, data={"why": 1}, info={"role": "guest"}))
    told = await one.next("subscribed")
    assert (told.channel, told.data) == (channel, {"why": 1})
    presence = (await api.presence(PresenceRequest(channel=channel))).presence
    assert [info.chan_info for info in presence.values()] == [{"role": "guest"}]
    await api.unsubscribe(UnsubscribeRequest(user=name, channel=channel))
    assert (await one.next("unsubscribed")).channel == channel
    assert (await api.presence_stats(PresenceStatsRequest(channel=channel))).num_clients == 0


async def test_the_api_unsubscribes_a_user_from_a_channel_of_its_own_choice(user, api):
    name, channel = unique(), unique("chat")
    listener = await (await user(name)).subscribe(channel)
    await api.unsubscribe(UnsubscribeRequest(user=name, channel=channel))
    assert (await listener.next("unsubscribed")).code == 2000


async def test_the_api_ends_connections_for_good(user, api):
    for disconnect, code in ((None, 3503), (Disconnect(code=4500, reason="ban"), 4500)):
        name = unique()
        one = await user(name)
        await api.disconnect(DisconnectRequest(user=name, disconnect=disconnect))
        assert (await one.next("disconnected")).code == code


async def test_the_api_makes_a_user_come_back(user, api):
    name = unique()
    one = await user(name)
    await one.next("connecting")
    await api.disconnect(DisconnectRequest(user=name, disconnect=Disconnect(code=4000, reason="move over")))
    told = await one.next("connecting")
    assert (told.code, told.reason) == (4000, "move over")
    await one.client.ready()


async def test_the_api_expires_a_connection(user, api):
    name = unique()

    async def get_token() -> str:
        return connection_token(name)

    one = await user(name, get_token=get_token)
    await one.next("connecting")
    await api.refresh(RefreshRequest(user=name, expired=True))
    assert (await one.next("connecting")).code == 3005
    await one.client.ready()
