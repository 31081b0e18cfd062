"""What a live tail costs: the processor time of a broker whose channel has 1,000 events a second, with and without a tail, in turns
within one run, and what listeners notice of it.

    python3 benches/perf/tail.py target/release/callboard
"""
import base64, json, os, socket, subprocess, sys, tempfile, threading, time, urllib.request
from statistics import median

RATE = 1_000  # Events a second.
WINDOW = 8.0  # Seconds of one turn.
TURNS = 6
TAILS = [None, 100, 1_000]  # No tail; one that shows so many events a second.
TICK = os.sysconf("SC_CLK_TCK")
KEY = "the key of this measurement"
CONFIG = f"""
[server]
port = 0
workers = 1
[auth]
anonymous = true
[api]
key = "{KEY}"
[[namespace]]
name = ""
subscribe = "anyone"
publish = "anyone"
history_size = 100
history_ttl = "1m"
"""


class WebSocket:
    """As little of RFC 6455 as it takes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline() != b"\r\n":
            pass

    def send(self, *commands):
        frames = b""
        for command in commands:
            text = json.dumps(command).encode()
            length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE]) + len(text).to_bytes(2, "big")
            frames += b"\x81" + length + b"\0\0\0\0" + text
        self.socket.sendall(frames)

    def messages(self):
        while True:
            head = self.file.read(2)
            if len(head) < 2 or head[0] & 0x0F == 8:  # The end, or a close frame.
                return
            length = {126: 2, 127: 8}.get(head[1])
            text = self.file.read(int.from_bytes(self.file.read(length), "big") if length else head[1])
            yield from (json.loads(line) for line in text.splitlines() if line)


def answering(client, take):
    """Reads for ever, answering heartbeats."""
    for message in client.messages():
        if message == {}:
            client.send({})
        else:
            take(message)


class Tail:
    """Reads a tail and counts its lines. Its own work is not the broker's."""

    def __init__(self, port, rate):
        self.lines = 0
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/tail", json.dumps({"channel": "news", "rate": rate}).encode(),
                                         {"Content-Type": "application/json", "X-API-Key": KEY})
        self.response = urllib.request.urlopen(request)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for _ in self.response:
                self.lines += 1
        except (OSError, ValueError, AttributeError):
            pass

    def close(self):
        self.response.fp.raw._sock.shutdown(socket.SHUT_RDWR)


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def listening(broker):
    """The port, which the log tells."""
    for line in broker.stderr:
        if " listens on http://" in line:
            return int(line.split(" listens on http://")[1].split(",")[0].rsplit(":", 1)[1])
    sys.exit("the broker did not start")


def main(binary):
    folder = tempfile.mkdtemp()
    with open(f"{folder}/config.toml", "w") as file:
        file.write(CONFIG)
    broker = subprocess.Popen([binary, "serve", "--config", f"{folder}/config.toml"], stderr=subprocess.PIPE, text=True)
    try:
        port = listening(broker)
        threading.Thread(target=lambda: broker.stderr.read(), daemon=True).start()
        latencies = []
        listener, publisher = WebSocket(port), WebSocket(port)
        listener.send({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "news"}})
        publisher.send({"id": 1, "connect": {}})

        def take(message):
            if "push" in message:
                latencies.append(time.monotonic() - message["push"]["pub"]["data"]["at"])

        threading.Thread(target=answering, args=(listener, take), daemon=True).start()
        threading.Thread(target=answering, args=(publisher, lambda _: None), daemon=True).start()
        measured = {tail: [] for tail in TAILS}
        number = 1
        for turn in range(TURNS + 1):
            for rate in TAILS:
                tail = Tail(port, rate) if rate else None
                latencies.clear()
                began, spent, published = time.monotonic(), processor_time(broker.pid), 0
                while (now := time.monotonic()) < began + WINDOW:
                    due = int((now - began) * RATE) - published
                    commands = [{"id": number + n, "publish": {"channel": "news", "data": {"at": now, "text": "x" * 80}}}
                                for n in range(1, due + 1)]
                    if commands:
                        publisher.send(*commands)
                    published, number = published + due, number + due
                    time.sleep(0.005)
                spent, took = processor_time(broker.pid) - spent, time.monotonic() - began
                time.sleep(0.3)
                delays = sorted(latencies)
                if turn:  # The first is to warm up.
                    measured[rate].append((100 * spent / took, published / took, published - len(delays), tail.lines / took if tail else 0,
                                           1e3 * delays[len(delays) // 2], 1e3 * delays[len(delays) * 99 // 100]))
                if tail:
                    tail.close()
        base = median(row[0] for row in measured[None])
        print(f"{'tail':>10}{'% of a core':>13}{'more':>8}{'events/s':>10}{'lost':>6}{'lines/s':>9}{'p50 ms':>8}{'p99 ms':>8}")
        for rate, rows in measured.items():
            cpu, events, _, lines, p50, p99 = (median(column) for column in zip(*rows))
            more = median(row[0] - none[0] for row, none in zip(rows, measured[None]))
            print(f"{rate or 'none':>10}{cpu:>13.2f}{more:>8.2f}{events:>10.0f}{sum(row[2] for row in rows):>6}{lines:>9.0f}{p50:>8.2f}{p99:>8.2f}")
    finally:
        broker.terminate()
        broker.wait()


if __name__ == "__main__":
    main(sys.argv[1])
