import json

import pytest

from user import own_namespace

VALUES = {
    "nothing": [],
    "null": [None],
    "booleans": [True, False],
    "numbers": [0, -1, 1.5, 2**53 - 1],
    "strings": ["", "text", '"quoted"', "back\\slash"],
    "lists": [[], [[]], [1, [2, [3]]]],
    "objects": [{}, {"a": {"b": {"c": [{}]}}}, {"": 0, " ": 1}],
    "letters": ["äöü тест 可以吗 😀 \u2028 \u0000 \x1e", {"😀": "é"}],
    "names of JavaScript": [{"constructor": 1, "toString": 2, "length": 3}],
    "bytes": [b"\x00\x01\x7f\x80\xff"],
    "no bytes": [b""],
    "several bytes": [b"one", b"two", b"three"],
    "bytes in objects": [{"a": b"a", "b": {"c": [b"b", {"d": b""}]}}],
    "bytes among others": ["text", b"x", 1, None, {"file": b"y", "name": "n"}],
    "all bytes": [bytes(range(256))],
}


@pytest.mark.parametrize("args", VALUES.values(), ids=VALUES.keys())
async def test_an_event_comes_back_as_sent(user, args):
    assert await (await user()).echo(*args) == args


async def test_a_key_named_proto_is_a_key(user):
    value = json.loads('{"__proto__": {"a": 1}, "b": {"__proto__": 2}}')
    assert await (await user()).echo(value) == [value]


async def test_a_thousand_messages_keep_their_order(user):
    one = await user()
    for number in range(1000):
        await one.emit("message", number)
    assert [(await one.next("message-back"))[0] for _ in range(1000)] == list(range(1000))


async def test_binary_and_text_keep_their_order(user):
    one = await user()
    for number in range(50):
        await one.emit("message", number)
        await one.emit("message", bytes([number]), {"more": b"more"})
    for number in range(50):
        assert await one.next("message-back") == (number,)
        assert await one.next("message-back") == (bytes([number]), {"more": b"more"})


@pytest.mark.parametrize("big", ["x" * 1_000_000, bytes(1_000_000)], ids=["text", "bytes"])
async def test_a_megabyte_comes_back(user, big):
    assert await (await user()).ask("message-with-ack", big) == big


async def test_a_room_hears_what_is_sent_to_it_and_others_do_not(user):
    namespaces = [own_namespace()]
    sender, member, other = [await user(namespaces=namespaces) for _ in range(3)]
    await member.ask("join", ["a", "b"])
    assert await member.ask("rooms") == sorted([member.client.get_sid(namespaces[0]), "a", "b"])
    await sender.ask("to", {"rooms": ["a", "b"], "event": "e", "args": [1, b"2"]})
    await sender.ask("all", {"event": "mark"})
    assert await member.next("e") == (1, b"2")
    for one in (sender, member, other):
        await one.next("mark")
        assert one.heard("e") == 0


async def test_a_broadcast_goes_to_everyone_but_the_sender(user):
    namespaces = [own_namespace()]
    sender, other = [await user(namespaces=namespaces) for _ in range(2)]
    await sender.emit("broadcast", "e", {"hello": "all"})
    await sender.ask("all", {"event": "mark"})
    assert await other.next("e") == ({"hello": "all"},)
    await sender.next("mark")
    assert sender.heard("e") == 0
