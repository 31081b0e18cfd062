'use strict';
// A way to the broker that cuts connections off, at a step of their lives that the test names.
const net = require('node:net');
const { ends } = require('./package');

/** The steps before there is a WebSocket. */
const HANDSHAKE = ['accept', 'request', 'answer'];

/** Reads the frames of a client as they come: `frame(text, bytes)` for each that is whole. */
function frames(frame) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const header = headerOf(rest);
      if (!header || rest.length < header.end) return;
      const [mask, payload] = [rest.subarray(header.begin - 4, header.begin), Buffer.from(rest.subarray(header.begin, header.end))];
      const bytes = rest.subarray(0, header.end);
      rest = rest.subarray(header.end);
      frame(payload.map((byte, at) => byte ^ mask[at % 4]).toString(), bytes);
    }
  };
}

/** Where the payload of a masked frame begins and ends (RFC 6455, section 5.2). */
function headerOf(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const begin = short === 126 ? 8 : 6;
  if (short === 127) throw new Error('frames of the tests are short');
  if (bytes.length < begin) return undefined;
  return { begin, end: begin + (short === 126 ? bytes.readUInt16BE(2) : short) };
}

class Cutter {
  #target;
  #server;
  #sockets = new Set();
  #step;
  #isDown = false;
  /** How often a connection came. */
  came = 0;
  /** How often one was cut off. */
  cuts = 0;

  static async to(broker) {
    const cutter = new Cutter();
    cutter.#target = Number(new URL(broker).port);
    cutter.#server = net.createServer({ noDelay: true }, (client) => cutter.#serve(client));
    await new Promise((resolve) => { cutter.#server.listen(0, '127.0.0.1', resolve); });
    ends.push(() => {
      cutter.down();
      cutter.#server.close();
    });
    return cutter;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /**
   * Cuts the next connection that comes to this step: one of `HANDSHAKE`, or a command with `before` (the broker gets nothing of it),
   * `half` or `after` (it gets half of it, or all); `event` is the first frame from the broker.
   */
  at(step) {
    this.#step = step;
  }

  /** Cuts all off, and lets none through any more. */
  down() {
    this.#isDown = true;
    this.cut();
  }

  up() {
    this.#isDown = false;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  #reached(step) {
    if (this.#step !== step) return false;
    this.#step = undefined;
    this.cuts += 1;
    return true;
  }

  #serve(client) {
    this.came += 1;
    if (this.#isDown || this.#reached('accept')) {
      client.destroy();
      return;
    }
    const broker = net.connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const end = () => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    // What the client sent last gets there all the same.
    client.on('close', () => broker.end());
    broker.on('close', () => client.destroy());
    this.#fromClient(client, broker, end);
    this.#fromBroker(client, broker, end);
  }

  #fromClient(client, broker, end) {
    let isOver = false;
    const over = () => {
      isOver = true;
      end();
    };
    const read = frames((text, bytes) => {
      if (isOver) return;
      const { command } = text.startsWith('{') ? JSON.parse(text) : {};
      if (this.#reached(`before ${command}`)) return over();
      const [isHalf, isAfter] = [this.#reached(`half ${command}`), this.#reached(`after ${command}`)];
      const sent = isHalf ? bytes.subarray(0, bytes.length / 2) : bytes;
      isOver = isHalf || isAfter;
      broker.write(sent);
      if (isOver) client.destroy();
      return undefined;
    });
    let head = Buffer.alloc(0);
    let isHead = true;
    client.on('data', (chunk) => {
      if (!isHead) return read(chunk);
      head = Buffer.concat([head, chunk]);
      const at = head.indexOf('\r\n\r\n');
      if (at < 0) return undefined;
      if (this.#reached('request')) return over();
      isHead = false;
      broker.write(head.subarray(0, at + 4));
      return read(head.subarray(at + 4));
    });
  }

  #fromBroker(client, broker, end) {
    let isFirst = true;
    broker.on('data', (chunk) => {
      const step = isFirst ? 'answer' : 'event';
      isFirst = false;
      if (this.#reached(step)) end();
      else client.write(chunk);
    });
  }
}

module.exports = { Cutter, HANDSHAKE };
