"""The brokers under test (the Rust test starts them and passes their addresses), tokens for them, and names."""

import itertools
import os
import time
from pathlib import Path

import jwt


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: run these tests through `cargo test --test clients`")
    return value


OPEN = _setting("TEST_OPEN_URL")
# Where the API is called, and every second client connects: another node on the Redis of OPEN, where there is one.
OTHER = os.environ.get("TEST_OTHER_URL") or OPEN
CLOSED = _setting("TEST_CLOSED_URL")
API_KEY = _setting("TEST_API_KEY")
SECRET = _setting("TEST_SECRET")
KEYS = Path(_setting("TEST_KEYS"))

_numbers = itertools.count(1)
_nodes = itertools.cycle((OPEN, OTHER))


def ws(base: str = OPEN) -> str:
    """The WebSocket address of the broker at this HTTP address."""
    return base.replace("http", "ws", 1) + "/connection/websocket"


def next_ws() -> str:
    """Where the next client connects: where there are two nodes, they take turns."""
    return ws(next(_nodes))


def unique(namespace: str = "") -> str:
    """A name that no other test uses: of a channel in a namespace ("" for none), or of a user."""
    name = f"p{os.getpid()}-{time.time_ns():x}-{next(_numbers)}"
    return f"{namespace}:{name}" if namespace else name


def now(offset: float = 0) -> int:
    """Seconds since 1970, `offset` seconds from now."""
    return int(time.time() + offset)


def connection_token(user: str, **claims) -> str:
    """A connection token, good for an hour unless the claims say otherwise."""
    return jwt.encode({"sub": user, "exp": now(3600), **claims}, SECRET, algorithm="HS256")


def subscription_token(user: str, channel: str, **claims) -> str:
    """A subscription token, good for an hour unless the claims say otherwise."""
    claims = {"sub": user, "channel": channel, "exp": now(3600), **claims}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def token_of_kind(algorithm: str, user: str) -> str:
    """A connection token signed with the private key of this algorithm's kind."""
    kind = {"R": "rsa", "E": "ecdsa"}.get(algorithm[0], "eddsa") if algorithm != "EdDSA" else "eddsa"
    key = KEYS.joinpath(f"{kind}.private.pem").read_text()
    return jwt.encode({"sub": user, "exp": now(3600)}, key, algorithm=algorithm)
