import jwt
import pytest

from broker import CLOSED, connection_token, now, token_of_kind, unique, ws


async def ending(user, token: str, address: str = "") -> tuple:
    """How the broker ends a connection made with this token."""
    one = await user("", address, connect=False, token=token)
    await one.client.connect()
    told = await one.next("disconnected")
    return told.code, told.reason


async def test_an_anonymous_client_connects_and_learns_the_version(user):
    told = await (await user()).next("connected")
    assert told.client
    assert [part.isdigit() for part in told.version.split(".")][:2] == [True, True]


async def test_an_anonymous_client_is_turned_away_for_good_where_tokens_are_asked_for(user):
    assert await ending(user, "", ws(CLOSED)) == (3501, "bad request")


async def test_a_token_says_who_the_client_is_and_carries_its_info(user):
    listener = await (await user("42", claims={"info": {"name": "Ada"}})).subscribe(unique("chat"))
    await listener.sub.publish({"said": 1})
    info = (await listener.next("publication")).pub.info
    assert (info.user, info.conn_info) == ("42", {"name": "Ada"})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_of_every_kind_of_key_connects(user, algorithm):
    name = unique()
    one = await user(connect=False, token=token_of_kind(algorithm, name))
    await one.connect()
    assert (await one.next("subscribed")).channel == f"#{name}"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_a_token_of_every_length_of_hash_connects(user, algorithm):
    from broker import SECRET

    token = jwt.encode({"sub": "42", "exp": now(60)}, SECRET, algorithm=algorithm)
    one = await user(connect=False, token=token)
    await one.connect()


async def test_an_expired_token_is_replaced_by_a_fresh_one(user):
    asked = []

    async def get_token() -> str:
        asked.append(1)
        return connection_token("42")

    one = await user(connect=False, token=connection_token("42", exp=now(-3600)), get_token=get_token)
    await one.connect()
    assert asked == [1]


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        jwt.encode({"sub": "42"}, "another secret of a decent length", algorithm="HS256"),
        jwt.encode({"sub": "42"}, None, algorithm="none"),
    ],
    ids=["garbage", "another key", "unsigned"],
)
async def test_an_invalid_token_is_turned_away_for_good(user, token):
    assert await ending(user, token) == (3500, "invalid token")


async def test_a_public_key_used_as_a_secret_forges_no_token(user):
    import base64
    import hashlib
    import hmac
    import json

    from broker import KEYS

    def part(value) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    unsigned = part({"alg": "HS256", "typ": "JWT"}) + b"." + part({"sub": "42"})
    digest = hmac.new(KEYS.joinpath("rsa.public.pem").read_bytes(), unsigned, hashlib.sha256).digest()
    forged = (unsigned + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()
    assert await ending(user, forged) == (3500, "invalid token")


async def test_audience_and_issuer_are_checked_where_they_are_set(user):
    right = {"aud": "callboard-tests", "iss": "tests"}
    await user("42", ws(CLOSED), claims=right)
    for claims in ({**right, "aud": "other"}, {**right, "iss": "other"}, {"iss": "tests"}):
        assert (await ending(user, connection_token("42", **claims), ws(CLOSED)))[0] == 3500


async def test_a_connection_refreshes_its_token_before_it_expires(user):
    import asyncio

    name = unique()
    refreshed = asyncio.Event()

    async def get_token() -> str:
        refreshed.set()
        return connection_token(name)

    one = await user(connect=False, token=connection_token(name, exp=now(2)), get_token=get_token)
    await one.connect()
    await one.next("connecting")
    await asyncio.wait_for(refreshed.wait(), 10)
    listener = await one.subscribe(unique("chat"))
    await listener.sub.publish(1)
    assert await listener.data(1) == [1]
    assert one.record.of("connecting").empty()
