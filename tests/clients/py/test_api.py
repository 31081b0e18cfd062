"""The HTTP API byte by byte: keys, content types, bodies, error modes, and what no library sends."""

import base64
import json

import pytest
import requests

from broker import API_KEY, OPEN, unique

KEY = {"X-API-Key": API_KEY}
JSON = {"Content-Type": "application/json"}


def post(method: str, body, headers=None, query: str = "") -> requests.Response:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    headers = {**JSON, **KEY, **(headers or {})}
    return requests.post(f"{OPEN}/api/{method}{query}", data=content, headers=headers, timeout=10)


def bare(method: str, headers, query: str = "") -> int:
    return requests.post(f"{OPEN}/api/{method}{query}", data="{}", headers={**JSON, **headers}, timeout=10).status_code


def test_the_key_comes_in_three_ways():
    assert bare("info", {"X-API-Key": API_KEY}) == 200
    assert bare("info", {"Authorization": f"apikey {API_KEY}"}) == 200
    assert bare("info", {}, f"?api_key={API_KEY}") == 200


def test_without_the_key_nobody_gets_in():
    assert bare("info", {}) == 401
    assert bare("info", {"Authorization": f"Bearer {API_KEY}"}) == 401
    assert bare("info", {}, "?api_key=wrong") == 401
    refused = requests.post(f"{OPEN}/api/info", data="{}", headers=JSON, timeout=10)
    assert (refused.status_code, refused.content) == (401, b"")


def test_only_post_and_only_known_methods():
    assert requests.get(f"{OPEN}/api/info", headers=KEY, timeout=10).status_code == 405
    assert post("dance", {}).status_code == 404


@pytest.mark.parametrize(
    "body", ["", "junk", "[]", "7", "null", '"text"', '{"channel":', '{"channel":7,"data":1}', b"\xff\xfe"]
)
def test_a_body_that_is_no_object_of_the_right_shape_is_400(body):
    assert post("publish", body).status_code == 400


def test_the_content_type_is_json_or_with_a_key_none():
    body = {"channel": unique("chat"), "data": 1}
    assert post("publish", body, {"Content-Type": "application/json; charset=utf-8"}).status_code == 200
    assert post("publish", body, {"Content-Type": None}).status_code == 200
    assert post("publish", body, {"Content-Type": "text/plain"}).status_code == 415
    assert post("publish", body, {"Content-Type": "application/x-www-form-urlencoded"}).status_code == 415


def test_a_body_over_the_limit_is_413():
    assert post("publish", {"channel": unique("chat"), "data": "x" * (1024 * 1024)}).status_code == 413


def test_an_error_is_200_with_its_code_unless_the_transport_shall_carry_it():
    unknown = {"channel": "nowhere:news", "data": 1}
    plain = post("publish", unknown)
    assert (plain.status_code, plain.json()) == (200, {"error": {"code": 102, "message": "unknown channel"}})
    carried = post("publish", unknown, {"X-Centrifugo-Error-Mode": "transport"})
    assert (carried.status_code, carried.json()) == (404, {"code": 102, "message": "unknown channel"})


@pytest.mark.parametrize(
    "method, body, status, code",
    [
        ("publish", {"channel": "chat:x"}, 400, 107),
        ("presence", {"channel": "plain"}, 400, 108),
        ("rpc", {"method": "nobody", "params": {}}, 404, 104),
        ("rpc", {"params": {}}, 400, 107),
    ],
)
def test_the_transport_carries_each_error_with_its_status(method, body, status, code):
    carried = post(method, body, {"X-Centrifugo-Error-Mode": "transport"})
    assert (carried.status_code, carried.json()["code"]) == (status, code)


def test_an_unrecoverable_position_is_416_in_transport_mode():
    channel = unique("chat")
    post("publish", {"channel": channel, "data": 1})
    query = {"channel": channel, "limit": 1, "since": {"offset": 1, "epoch": "another"}}
    assert post("history", query, {"X-Centrifugo-Error-Mode": "transport"}).status_code == 416


def test_results_leave_out_what_is_empty():
    assert post("publish", {"channel": unique(), "data": 1}).json() == {"result": {}}
    assert post("subscribe", {"user": unique(), "channel": "chat:x"}).json() == {"result": {}}


def test_data_passes_byte_for_byte():
    channel = unique("chat")
    data = '{ "long":12345678901234567890.1234567890 , "e":1E5,"s":"\\u00e9\\/", "a":[ 1,  2 ]}'
    assert post("publish", f'{{"channel":"{channel}","data":{data}}}').json()["result"]["offset"] == 1
    assert f'"data":{data}' in post("history", {"channel": channel, "limit": 1}).text


def test_null_is_data():
    channel = unique("chat")
    assert post("publish", {"channel": channel, "data": None}).json()["result"]["offset"] == 1


def test_base64_data_must_be_json():
    channel = unique("chat")
    good = base64.b64encode(b'{"n":1}').decode()
    assert post("publish", {"channel": channel, "b64data": good}).json()["result"]["offset"] == 1
    binary = base64.b64encode(b"\x00\x01").decode()
    assert post("publish", {"channel": channel, "b64data": binary}).json()["error"]["code"] == 107
    assert post("publish", {"channel": channel, "b64data": "no base64!"}).json()["error"]["code"] == 107


def test_an_older_version_is_not_published_and_answers_with_where_the_stream_stands():
    channel = unique("chat")
    newer = post("publish", {"channel": channel, "data": "new", "version": 7, "version_epoch": "e"}).json()["result"]
    older = post("publish", {"channel": channel, "data": "old", "version": 6, "version_epoch": "e"}).json()["result"]
    assert older["offset"] == newer["offset"] == 1
    assert len(post("history", {"channel": channel, "limit": 10}).json()["result"]["publications"]) == 1


def test_a_batch_answers_errors_in_their_place():
    channel = unique("chat")
    good, bad = ({"publish": {"channel": name, "data": 1}} for name in (channel, "nowhere:x"))
    commands = [good, bad, {"dance": {}}, {}]
    replies = post("batch", {"commands": commands}).json()["replies"]
    assert replies[0]["publish"]["offset"] == 1
    assert [reply["error"]["code"] for reply in replies[1:]] == [102, 104, 104]
    assert post("batch", {"commands": []}).json() == {}


def test_what_is_not_offered_says_so():
    for method in ("map_publish", "map_remove", "map_read_state", "map_stats", "shared_poll_publish"):
        assert post(method, {"channel": "chat:x"}).json()["error"]["code"] == 108


def test_health_readiness_metrics_and_the_api_s_description():
    for path in ("/health", "/ready", "/metrics"):
        assert requests.get(OPEN + path, timeout=10).status_code == 200
    description = requests.get(f"{OPEN}/api/openapi.json", headers=KEY, timeout=10).json()
    assert "/api/publish" in description["paths"]
