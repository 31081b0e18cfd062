'use strict';
// The unmodified socket.io-client, and ways to wait for what it tells. Sockets end with the test that made them.
const { afterEach, test } = require('node:test');
const { io } = require('socket.io-client');

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 10_000;

function address(name) {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: see original.js and against_original.js`);
  return url;
}

/** The fixture with long times. */
const LASTING = address('TEST_SOCKETIO_URL');
/** Where every second socket connects: another node on the Redis of the first, where there is one. */
const OTHER = process.env.TEST_SOCKETIO_OTHER_URL || LASTING;
/** The fixture with a ping every 300 ms, 200 ms to answer it, and half a second to ask for a namespace. */
const BRISK = address('TEST_SOCKETIO_BRISK_URL');
/** The fixture with connection state recovery. */
const RECOVERY = address('TEST_SOCKETIO_RECOVERY_URL');

const TRANSPORTS = {
  'polling, then websocket': ['polling', 'websocket'],
  'websocket alone': ['websocket'],
  'polling alone': ['polling'],
};

/** Tells a story once for every way to connect; `via` goes into the options of its sockets. */
function onEveryTransport(title, story, options = {}) {
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`${title} (${name})`, options, () => story({ transports }));
  }
}

/** The same for what acts on the sockets of one node alone. */
const onOneNode = (title, story) => onEveryTransport(title, story, { skip: OTHER !== LASTING });

/** A test of what Callboard does on purpose otherwise than the original. */
const ours = (title, body) => test(title, { skip: process.env.TEST_SOCKETIO_ORIGINAL === '1' }, body);

/** Waits for what must come; fails and says what did not come if it takes too long. */
async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** All events that a socket gets, in order, from now on. */
class Log {
  constructor(socket) {
    this.items = [];
    this.wake = () => {};
    socket.onAny((...event) => {
      this.items.push(event);
      this.wake();
    });
  }

  async index(name) {
    for (;;) {
      const index = this.items.findIndex(([event]) => event === name);
      if (index >= 0) return index;
      await new Promise((resolve) => { this.wake = resolve; });
    }
  }

  /** The arguments of the next event of this name. */
  async next(name) {
    const index = await within(this.index(name), `'${name}'`);
    return this.items.splice(index, 1)[0].slice(1);
  }

  /** Everything that came before the next event of this name; that one is taken too. */
  async until(name) {
    const index = await within(this.index(name), `'${name}'`);
    return this.items.splice(0, index + 1).slice(0, -1);
  }
}

const sockets = new Set();

afterEach(() => {
  for (const socket of sockets) socket.io._close();
  sockets.clear();
});

function kept(socket) {
  socket.log = new Log(socket);
  sockets.add(socket);
  return socket;
}

let turn = 0;

/** Where the next socket connects: where there are two nodes, they take turns. */
function nextNode() {
  turn += 1;
  return turn % 2 === 1 ? LASTING : OTHER;
}

/** A socket that is not connecting yet, on a connection of its own; it comes back quickly when it is cut off. */
function socketTo({ url = nextNode(), nsp = '/', ...options } = {}) {
  return kept(io(url + nsp, {
    forceNew: true, autoConnect: false, reconnectionDelay: 20, reconnectionDelayMax: 100, ...options,
  }));
}

/** The arguments of the next event of an emitter, lifecycle events included. Call it before what causes the event. */
function told(emitter, event) {
  return within(new Promise((resolve) => { emitter.once(event, (...args) => resolve(args)); }), `'${event}'`);
}

/** Connects a socket, and takes the greeting. */
async function connect(socket) {
  const connected = told(socket, 'connect');
  socket.connect();
  await connected;
  [socket.greeting] = await socket.log.next('auth');
  return socket;
}

/** A connected socket. */
const connected = (options) => connect(socketTo(options));

/** A second namespace on the connection of a socket. */
const multiplexed = (socket, nsp, options) => connect(kept(socket.io.socket(nsp, options)));

/** Emits and waits for the acknowledgement; its first argument. */
const ask = (socket, event, ...args) => socket.timeout(PATIENCE).emitWithAck(event, ...args);

/** Emits and waits for the acknowledgement; all its arguments. */
function askAll(socket, event, ...args) {
  return within(new Promise((resolve) => { socket.emit(event, ...args, (...answers) => resolve(answers)); }), 'an ack');
}

/** The error with which the server refuses this socket. */
async function refusal(socket) {
  const refused = told(socket, 'connect_error');
  socket.connect();
  const [{ message, data }] = await refused;
  return { message, data };
}

let counter = 0;

/** A name that no other test uses. */
function unique() {
  counter += 1;
  return `t${process.pid}-${Date.now().toString(36)}-${counter}`;
}

/** A namespace that no other test uses: what goes to everyone in it goes to this test alone. */
const ownNamespace = () => `/room-${unique()}`;

/** So many connected sockets in a namespace of their own. */
function crowd(count, via, nsp = ownNamespace()) {
  return Promise.all(Array.from({ length: count }, () => connected({ ...via, nsp })));
}

/** What each of these sockets got until now. A mark to all of them shows that nothing is on its way any more. */
async function heard(...all) {
  const mark = `mark-${unique()}`;
  await ask(all[0], 'all', { event: mark });
  return Promise.all(all.map((socket) => socket.log.until(mark)));
}

module.exports = {
  PATIENCE, LASTING, OTHER, BRISK, RECOVERY, TRANSPORTS, onEveryTransport, onOneNode, ours, within, socketTo, told, connect,
  connected, multiplexed, ask, askAll, refusal, unique, ownNamespace, crowd, heard,
};
