import asyncio

import pytest
from socketio.exceptions import TimeoutError

from user import own_namespace


@pytest.mark.parametrize(
    "args, answer",
    [
        ([], None),
        ([1], 1),
        ([None], None),
        ([1, "two", {"three": [3]}], (1, "two", {"three": [3]})),
        ([b"bytes", {"more": b""}], (b"bytes", {"more": b""})),
    ],
)
async def test_an_acknowledgement_brings_what_was_sent(user, args, answer):
    got = await (await user()).ask("message-with-ack", *args)
    assert (tuple(got) if isinstance(got, list) else got) == answer


async def test_many_questions_at_once_get_each_its_own_answer(user):
    one = await user()
    assert await asyncio.gather(*(one.ask("message-with-ack", number) for number in range(100))) == list(range(100))


async def test_an_answer_that_comes_too_late_is_an_error_and_harms_nothing(user):
    one = await user()
    with pytest.raises(TimeoutError):
        await one.ask("slow", 200, timeout=0.02)
    assert await one.ask("slow", 250) == 250


async def test_the_server_asks_and_is_answered_with_several_arguments(user):
    one = await user()
    one.client.on("question", lambda a, b: (b, a, None, {"deep": [a]}))
    answer = await one.ask("ask-me", {"event": "question", "args": [1, "two"], "timeout": 10_000})
    assert answer == {"answers": ["two", 1, None, {"deep": [1]}], "error": False}


async def test_the_server_asks_with_binary_and_is_answered_with_binary(user):
    one = await user()
    one.client.on("question", lambda data: (data + data, {"empty": b""}))
    answer = await one.ask("ask-me", {"event": "question", "args": [b"\x01\x02"], "timeout": 10_000})
    assert answer == {"answers": [b"\x01\x02\x01\x02", {"empty": b""}], "error": False}


async def test_a_client_that_does_not_answer_is_an_error_to_the_server(user):
    one = await user()
    never = asyncio.Event()
    one.client.on("question", never.wait)
    answer = await one.ask("ask-me", {"event": "question", "timeout": 50})
    assert answer == {"answers": [], "error": True}
    never.set()
    assert await one.ask("message-with-ack", "alive") == "alive"


async def test_a_room_is_asked_and_who_keeps_silent_is_missing(user):
    namespaces = [own_namespace()]
    first, second, third = [await user(namespaces=namespaces) for _ in range(3)]
    never = asyncio.Event()
    first.client.on("question", lambda: 1, namespaces[0])
    second.client.on("question", lambda: 2, namespaces[0])
    third.client.on("question", never.wait, namespaces[0])
    both = {"except": [third.client.get_sid(namespaces[0])], "event": "question", "timeout": 10_000}
    answer = await first.ask("ask", both)
    assert (sorted(answer["answers"]), answer["error"]) == ([1, 2], False)
    answer = await first.ask("ask", {"event": "question", "timeout": 300})
    assert (sorted(answer["answers"]), answer["error"]) == ([1, 2], True)
    never.set()


async def test_a_handler_that_fails_tells_its_code_and_message(user):
    answer = await (await user()).ask("throws", 4001, "not today")
    assert answer == {"error": {"code": 4001, "message": "not today"}}
