"""What long polls of the events bus cost: 1,000 instances that wait, in memory and threads, and how long an event takes to reach one of
them, beside the same for a WebSocket on the floor in the same run.

    cargo build --release && python3 benches/perf/poll.py target/release/callboard
"""
import asyncio, base64, hashlib, hmac, json, os, random, subprocess, sys, tempfile, time

INSTANCES = 1_000
EVENTS = 1_000
RATE = 100  # Events a second.
SECRET = base64.b64encode(b"a secret of this measurement alone").decode()
CONFIG = f"""
[server]
port = 8107
workers = 1
[backstage]
bus = true
bus_subscriptions = 2_000
bus_polls = 2_000
[backstage.auth]
legacy_secret = "{SECRET}"
"""
BUS = "/api/events/bus/v1"


def token():
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    text = ".".join(part(json.dumps(value).encode()) for value in ({"alg": "HS256"}, {"sub": "backstage-server", "exp": int(time.time()) + 3_600}))
    return text + "." + part(hmac.new(base64.b64decode(SECRET), text.encode(), hashlib.sha256).digest())


class Instance:
    """One keep-alive connection to the bus."""

    async def open(self, shown):
        self.shown = shown
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", 8107)
        return self

    async def begin(self, method, path, body=None):
        """Sends a request; the status and the headers of its response."""
        body = b"" if body is None else json.dumps(body).encode()
        self.writer.write(f"{method} {BUS}{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {self.shown}\r\n"
                          f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        status = int((await self.reader.readline()).split()[1])
        headers = {}
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return status, headers

    async def body(self, headers):
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while headers.get("transfer-encoding") == "chunked":
            size = int(await self.reader.readline(), 16)
            body += (await self.reader.readexactly(size + 2))[:-2]
            if size == 0:
                break
        return body

    async def ask(self, *request):
        status, headers = await self.begin(*request)
        return status, await self.body(headers)


def usage(pid):
    """Resident memory in KiB, and threads."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]), int(fields["Threads"])


async def polls(pid):
    shown = token()
    publisher = await Instance().open(shown)
    status, _ = await publisher.ask("PUT", "/subscriptions/bench.warm", {"topics": ["warm"]})
    assert status == 201, status
    before = usage(pid)
    instances = [await Instance().open(shown) for _ in range(INSTANCES)]
    # The broker takes its time to accept the last of them.
    await asyncio.sleep(1)
    opened = usage(pid)
    for number, instance in enumerate(instances):
        status, _ = await instance.ask("PUT", f"/subscriptions/bench.s{number}", {"topics": [f"t{number}"]})
        assert status == 201, status
    idle = usage(pid)

    async def wait(number):
        status, headers = await instances[number].begin("GET", f"/subscriptions/bench.s{number}/events")
        assert status == 202, status
        return headers

    waiting = [await wait(number) for number in range(INSTANCES)]
    after = usage(pid)
    woken, begun = [], time.perf_counter()
    for event in range(EVENTS):
        await asyncio.sleep(max(0.0, begun + event / RATE - time.perf_counter()))
        number = random.randrange(INSTANCES)
        sent = time.perf_counter()
        posted = asyncio.ensure_future(publisher.ask("POST", "/events", {"event": {"topic": f"t{number}", "payload": {"at": event}}}))
        await instances[number].body(waiting[number])
        woken.append(1e3 * (time.perf_counter() - sent))
        assert (await posted)[0] == 201
        status, body = await instances[number].ask("GET", f"/subscriptions/bench.s{number}/events")
        assert status == 200 and json.loads(body)["events"][0]["payload"] == {"at": event}, (status, body)
        waiting[number] = await wait(number)
    woken.sort()
    return before, opened, idle, after, woken


def floor(perf, target):
    for name in ("loadgen", "floor"):
        subprocess.run(["cargo", "build", "-q", "--release", "--manifest-path", f"{perf}/{name}/Cargo.toml"], check=True,
                       env={**os.environ, "CARGO_TARGET_DIR": target})
    server = subprocess.Popen([f"{target}/release/floor", "127.0.0.1:8108"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        load = [f"{target}/release/loadgen", "--addr", "127.0.0.1:8108", "--dialect", "raw", "--subs", str(INSTANCES), "--channels", str(INSTANCES),
                "--messages", str(EVENTS), "--rate", str(RATE)]
        told = subprocess.run(load, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
        return json.loads(told)["us"]
    finally:
        server.terminate()
        server.wait()


def main(binary):
    perf = os.path.dirname(os.path.abspath(__file__))
    us = floor(perf, os.path.join(os.environ.get("TMPDIR", "/tmp"), "callboard-perf/target"))
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/config.toml", "w") as file:
            file.write(CONFIG)
        with open(f"{folder}/log", "w") as log:
            broker = subprocess.Popen([binary, "serve", "--config", f"{folder}/config.toml"], stdout=log, stderr=log)
        try:
            time.sleep(1)
            before, opened, idle, after, woken = asyncio.run(polls(broker.pid))
        finally:
            broker.terminate()
            broker.wait()
    p99 = woken[len(woken) * 99 // 100]
    opened, idle, waits = ((now[0] - before[0]) / INSTANCES for now in (opened, idle, after))
    print(f"memory of a connection without a word {opened:.1f} KiB, with a subscription {idle:.1f} KiB, that waits in a poll {waits:.1f} KiB; "
          f"threads {before[1]} and {after[1]}")
    print(f"an event reaches the floor's listener in {us['p50'] / 1e3:.2f} ms (p99 {us['p99'] / 1e3:.2f}), a poll in {woken[len(woken) // 2]:.2f} ms "
          f"(p99 {p99:.2f}: {p99 - us['p99'] / 1e3:.2f} more)")


if __name__ == "__main__":
    main(sys.argv[1])
