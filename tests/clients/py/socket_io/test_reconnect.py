from user import BRISK


async def test_a_client_whose_connection_died_comes_back_with_a_new_id(user):
    one = await user({"name": 1})
    await one.next("connect")
    await one.next("auth")
    sid = one.client.get_sid("/")
    await one.ask("join", ["a"])
    await one.cut()
    await one.next("disconnect")
    await one.next("connect")
    assert await one.next("auth") == ({"name": 1},)
    assert one.client.get_sid("/") != sid
    assert await one.ask("rooms") == [one.client.get_sid("/")]


async def test_every_namespace_of_a_connection_that_died_comes_back(user):
    one = await user(namespaces=["/", "/custom"])
    for name in one.namespaces:
        await one.next("connect", name)
    await one.cut()
    for name in one.namespaces:
        await one.next("connect", name)
        assert await one.ask("message-with-ack", name, namespace=name) == name


async def test_a_client_stays_through_many_heartbeats(user):
    one = await user(url=BRISK)
    await one.next("connect")
    sid = one.client.get_sid("/")
    # Longer than three heartbeats and their answers take.
    assert await one.ask("slow", 1_700) == 1_700
    assert (one.client.get_sid("/"), one.heard("disconnect")) == (sid, 0)
