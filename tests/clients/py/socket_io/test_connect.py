import pytest
from socketio.exceptions import ConnectionError

from user import own_namespace


async def test_a_client_connects_and_gets_an_id_that_is_not_that_of_its_connection(user):
    one = await user()
    await one.next("connect")
    assert 20 <= len(one.client.get_sid("/")) <= 36
    assert one.client.get_sid("/") != one.client.eio.sid


async def test_two_clients_have_two_ids(user):
    assert (await user()).client.get_sid("/") != (await user()).client.get_sid("/")


async def test_a_client_goes_over_to_the_websocket_if_it_may(user, transports):
    one = await user()
    assert one.client.transport() == ("polling" if transports == ["polling"] else "websocket")


@pytest.mark.parametrize("auth", [{"token": "123", "deep": {"list": [1, None, "é"]}}, None])
async def test_the_auth_payload_arrives_as_sent(user, auth):
    assert await (await user(auth)).next("auth") == (auth or {},)


async def test_an_auth_payload_may_come_from_a_function(user):
    assert await (await user(lambda: {"made": "late"})).next("auth") == ({"made": "late"},)


@pytest.mark.parametrize("namespace", ["/", "/custom", own_namespace()])
async def test_a_refusal_arrives_with_its_message_and_data(user, namespace):
    one = await user(connect=False, namespaces=[namespace])
    with pytest.raises(ConnectionError):
        await one.connect({"deny": True})
    assert await one.next("connect_error") == ({"message": "no", "data": {"c": 1}},)


async def test_a_client_that_was_refused_may_ask_again(user):
    one = await user(connect=False)
    with pytest.raises(ConnectionError):
        await one.connect({"deny": True})
    await one.connect({"name": "x"})
    assert await one.next("auth") == ({"name": "x"},)


async def test_an_unknown_namespace_is_refused(user):
    one = await user(connect=False, namespaces=["/unknown"])
    with pytest.raises(ConnectionError):
        await one.connect()
    assert await one.next("connect_error") == ({"message": "Invalid namespace"},)


async def test_a_client_that_leaves_and_comes_back_has_a_new_id(user):
    one = await user()
    sid = one.client.get_sid("/")
    await one.client.disconnect()
    await one.next("disconnect")
    await one.connect()
    assert one.client.get_sid("/") != sid
    assert await one.ask("message-with-ack", 1) == 1


async def test_a_client_that_the_server_disconnects_learns_of_it(user):
    one = await user()
    await one.emit("disconnect-me", True)
    await one.next("disconnect")
