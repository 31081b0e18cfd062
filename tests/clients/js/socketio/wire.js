'use strict';
// Engine.IO without a client library: what goes over the wire is what the test writes.
const { afterEach } = require('node:test');
const assert = require('node:assert/strict');
const WebSocket = require('ws');
const { LASTING, within } = require('./sockets');

const lines = new Set();

afterEach(() => {
  for (const line of lines) line.socket.terminate();
  lines.clear();
});

/** The address of a request with this query. A base that ends in a slash names an endpoint of its own. */
function engineUrl(query, base = LASTING) {
  const endpoint = base.endsWith('/') ? base : `${base}/socket.io/`;
  return `${endpoint}?${new URLSearchParams({ EIO: 4, ...query })}`;
}

/** A WebSocket, and the frames it got: texts, and buffers for binary ones. */
class Line {
  constructor(query, { base = LASTING, ...options } = {}) {
    this.socket = new WebSocket(engineUrl({ transport: 'websocket', ...query }, base).replace(/^http/, 'ws'), options);
    this.frames = [];
    this.wake = () => {};
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.over = true;
        resolve(code);
        this.wake();
      });
    });
    // How a WebSocket ends is told by `refused` and `close`.
    this.socket.on('error', () => {});
    this.socket.on('message', (message, binary) => {
      this.frames.push(binary ? message : message.toString());
      this.wake();
    });
    lines.add(this);
  }

  send(...frames) {
    for (const frame of frames) this.socket.send(frame);
  }

  /** The next frame, however long it takes; fails if the WebSocket closes before. */
  async patient() {
    while (this.frames.length === 0) {
      if (this.over) throw new Error('the WebSocket is closed');
      await new Promise((resolve) => { this.wake = resolve; });
    }
    return this.frames.shift();
  }

  /** The next frame; fails if the WebSocket closes before. */
  next() {
    return within(this.patient(), 'a frame');
  }

  /** The next so many frames. */
  async take(count) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** The code of the server's close; fails if it stays open. */
  close() {
    return within(this.closed, 'a close');
  }

  /** Fails unless the server still answers, and sent nothing before. */
  async alive(nsp = '') {
    this.send(`42${nsp}90210["message-with-ack","alive"]`);
    assert.equal(await this.next(), `43${nsp}90210["alive"]`);
  }
}

/** A WebSocket that is open. */
async function dial(query, options) {
  const line = new Line(query, options);
  await within(new Promise((resolve, reject) => {
    line.socket.once('open', resolve);
    line.socket.once('error', reject);
  }), 'an open WebSocket');
  return line;
}

/** The status and body with which the server refuses a WebSocket. */
function refused(query, options) {
  const line = new Line(query, options);
  return within(new Promise((resolve, reject) => {
    line.socket.once('open', () => reject(new Error('the WebSocket opened')));
    line.socket.once('unexpected-response', async (request, response) => {
      const chunks = await response.toArray();
      request.destroy();
      resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() });
    });
  }), 'a refusal');
}

/** An open WebSocket after its open packet. */
async function opened(options) {
  const line = await dial({}, options);
  line.handshake = JSON.parse((await line.next()).slice(1));
  return line;
}

/** An open WebSocket that joined a namespace, and took the greeting. */
async function joined({ nsp = '', auth, ...options } = {}) {
  const line = await opened(options);
  await join(line, nsp, auth);
  return line;
}

async function join(line, nsp = '', auth = undefined) {
  const prefix = nsp && `${nsp},`;
  line.send(`40${prefix}${auth ? JSON.stringify(auth) : ''}`);
  let reply = await line.next();
  // Where pings come often, one may come first.
  for (; reply === '2'; reply = await line.next()) line.send('3');
  assert.ok(reply.startsWith(`40${prefix}{"sid":"`), reply);
  line.sid = JSON.parse(reply.slice(2 + prefix.length)).sid;
  assert.equal(await line.next(), `42${prefix}["auth",${JSON.stringify(auth ?? {})}]`);
}

/** An answer to a request, read to its end. */
async function request(query, { base = LASTING, ...init } = {}) {
  const response = await within(fetch(engineUrl(query, base), init), 'an answer');
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** A session that polls. */
class Poller {
  static async open({ base = LASTING } = {}) {
    const poller = new Poller();
    poller.base = base;
    const { status, body } = await request({ transport: 'polling' }, { base });
    assert.equal(status, 200);
    assert.equal(body[0], '0');
    poller.handshake = JSON.parse(body.slice(1));
    return poller;
  }

  /** A session that joined a namespace, and took the greeting. */
  static async join({ nsp = '', auth = undefined, ...options } = {}) {
    const poller = await Poller.open(options);
    const prefix = nsp && `${nsp},`;
    await poller.push(`40${prefix}${auth ? JSON.stringify(auth) : ''}`);
    let reply = await poller.packet();
    for (; reply === '2'; reply = await poller.packet()) await poller.push('3');
    assert.ok(reply.startsWith(`40${prefix}{"sid":"`), reply);
    Object.assign(poller, JSON.parse(reply.slice(2 + prefix.length)));
    assert.ok((await poller.packet()).startsWith(`42${prefix}["auth",`));
    return poller;
  }

  get query() {
    return { transport: 'polling', sid: this.handshake.sid };
  }

  poll(init) {
    return request(this.query, { base: this.base, ...init });
  }

  post(body, init) {
    return request(this.query, { base: this.base, method: 'POST', body, ...init });
  }

  /** Sends a payload that the server must take. */
  async push(body) {
    const { status, body: answer } = await this.post(body);
    assert.deepEqual([status, answer], [200, 'ok']);
  }

  /** The next packet, without those that came with it. */
  async packet() {
    this.packets ??= [];
    if (this.packets.length === 0) {
      const { status, body } = await this.poll();
      assert.equal(status, 200);
      this.packets.push(...body.split('\x1e'));
    }
    return this.packets.shift();
  }

  /** Fails unless the session is gone. */
  async gone() {
    assert.deepEqual(await code(this.poll()), [400, 1]);
  }

  /** Fails unless the session still answers. */
  async alive() {
    await this.push('42777["message-with-ack","alive"]');
    assert.equal(await this.packet(), '43777["alive"]');
  }
}

/** Status and error code of an answer. */
async function code(answer) {
  const { status, body } = await answer;
  return [status, JSON.parse(body).code];
}

module.exports = { Line, Poller, dial, refused, opened, joined, join, request, code, engineUrl };
