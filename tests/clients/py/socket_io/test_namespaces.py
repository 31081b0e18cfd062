from user import own_namespace


async def test_several_namespaces_share_one_connection(user):
    names = ["/", "/custom", own_namespace()]
    one = await user({"as": "x"}, namespaces=names)
    assert len({one.client.get_sid(name) for name in names}) == 3
    for name in names:
        assert await one.next("auth", name) == ({"as": "x"},)
        assert await one.echo(name, name.encode(), namespace=name) == [name, name.encode()]
        assert await one.ask("message-with-ack", name, namespace=name) == name
    for name in names:
        assert one.heard("message-back", name) == 0


async def test_an_event_stays_in_its_namespace(user):
    names = [own_namespace(), own_namespace()]
    one = await user(namespaces=names)
    await one.ask("all", {"event": "e"}, namespace=names[0])
    await one.next("e", names[0])
    await one.ask("all", {"event": "mark"}, namespace=names[1])
    await one.next("mark", names[1])
    assert one.heard("e", names[1]) == 0


async def test_a_server_that_disconnects_one_namespace_leaves_the_other(user):
    one = await user(namespaces=["/", "/custom"])
    await one.emit("disconnect-me", False, namespace="/custom")
    await one.next("disconnect", "/custom")
    assert await one.ask("message-with-ack", "alive") == "alive"
    assert one.heard("disconnect", "/") == 0


async def test_a_server_that_disconnects_a_connection_tells_every_namespace(user):
    one = await user(namespaces=["/", "/custom"])
    await one.emit("disconnect-me", True)
    await one.next("disconnect", "/")
    await one.next("disconnect", "/custom")
