'use strict';
// A WebSocket without a client library: what goes over the wire is what the test writes.
const { afterEach } = require('node:test');
const WebSocket = require('ws');
const { openWs } = require('./broker');
const { PATIENCE } = require('./sdk');

const lines = new Set();

afterEach(() => {
  for (const line of lines) line.socket.terminate();
  lines.clear();
});

class Line {
  constructor(endpoint, protocols, options) {
    this.socket = new WebSocket(endpoint, protocols, options);
    this.replies = [];
    this.frames = [];
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.wake();
      });
    });
    this.wake = () => {};
    this.socket.on('error', (error) => { this.error = error; });
    this.socket.on('message', (message, binary) => this.receive(message.toString(), binary));
    lines.add(this);
  }

  receive(text, binary) {
    this.frames.push({ text, binary });
    for (const line of text.split('\n')) this.replies.push({ text: line, ...JSON.parse(line) });
    this.wake();
  }

  /** Sends commands, several in one frame; text and bytes go out as they are. */
  send(...commands) {
    const [first] = commands;
    if (typeof first === 'string' || Buffer.isBuffer(first)) this.socket.send(first);
    else this.socket.send(commands.map((command) => JSON.stringify(command)).join('\n'));
  }

  /** The next reply or push that satisfies; what does not is kept for later. */
  async find(satisfies) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const index = this.replies.findIndex(satisfies);
      if (index >= 0) return this.replies.splice(index, 1)[0];
      const left = deadline - Date.now();
      if (left <= 0 || this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`not among ${JSON.stringify(this.replies)} (socket ${this.socket.readyState})`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The reply to the command with this id. */
  reply(id) {
    return this.find((reply) => reply.id === id);
  }

  /** The next push. */
  async push() {
    return (await this.find((reply) => reply.push)).push;
  }

  /** Sends a command and returns its reply. */
  async ask(command) {
    this.send(command);
    return this.reply(command.id);
  }

  /** How the server closed it; fails if it does not. */
  async close() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not closed; replies: ${JSON.stringify(this.replies)}`)), PATIENCE);
    });
    const closed = await Promise.race([this.closed, late]);
    clearTimeout(timer);
    return closed;
  }
}

/** An open WebSocket on which nothing was sent. */
async function dial(endpoint = openWs, protocols = [], options = {}) {
  const line = new Line(endpoint, protocols, options);
  await new Promise((resolve, reject) => {
    line.socket.on('open', resolve);
    line.socket.on('error', reject);
  });
  return line;
}

/** A WebSocket after its connect command, which had id 1. */
async function line(connect = {}, endpoint = openWs) {
  const dialled = await dial(endpoint);
  const reply = await dialled.ask({ id: 1, connect });
  if (!reply.connect) throw new Error(reply.text);
  dialled.client = reply.connect.client;
  return dialled;
}

module.exports = { dial, line };
