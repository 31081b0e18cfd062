"""The client that blocks: it shares no transport with the one that does not."""

import queue

import pytest
import socketio
from socketio.exceptions import ConnectionError

from user import LASTING, PATIENCE


@pytest.fixture
def client():
    made = socketio.Client(reconnection_delay=0.02, reconnection_delay_max=0.1, randomization_factor=0)
    yield made
    made.shutdown()


def told(client: socketio.Client, event: str) -> queue.Queue:
    """All of an event, from now on."""
    kept: queue.Queue = queue.Queue()

    def keep(*args):
        kept.put(args)

    client.on(event, keep)
    return kept


def test_it_connects_and_emits_and_is_answered(client, transports):
    greetings, back = told(client, "auth"), told(client, "message-back")
    client.connect(LASTING, auth={"token": 1}, transports=transports, wait_timeout=PATIENCE)
    assert greetings.get(timeout=PATIENCE) == ({"token": 1},)
    client.emit("message", ("text", b"bytes", {"deep": [b""]}))
    assert back.get(timeout=PATIENCE) == ("text", b"bytes", {"deep": [b""]})
    assert client.call("message-with-ack", "x", timeout=PATIENCE) == "x"


def test_it_answers_the_server(client, transports):
    client.on("question", lambda number: (number + 1, b"bytes"))
    client.connect(LASTING, transports=transports, wait_timeout=PATIENCE)
    answer = client.call("ask-me", {"event": "question", "args": [1], "timeout": 10_000}, timeout=PATIENCE)
    assert answer == {"answers": [2, b"bytes"], "error": False}


def test_it_learns_that_it_is_refused(client, transports):
    errors = told(client, "connect_error")
    with pytest.raises(ConnectionError):
        client.connect(LASTING, auth={"deny": True}, transports=transports, wait_timeout=PATIENCE)
    assert errors.get(timeout=PATIENCE) == ({"message": "no", "data": {"c": 1}},)


def test_it_learns_that_the_server_disconnects_it(client, transports):
    gone = told(client, "disconnect")
    client.connect(LASTING, transports=transports, wait_timeout=PATIENCE)
    client.emit("disconnect-me", True)
    gone.get(timeout=PATIENCE)
