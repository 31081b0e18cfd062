'use strict';
// Servers of Socket.IO with the Redis adapters of all ages, unmodified: what they publish is obeyed by both nodes, or ignored.
const { test, before, after, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const { createClient } = require('redis');
const { io } = require('socket.io-client');

const NODES = process.env.TEST_NODE_URLS.split(',');
const REDIS = process.env.TEST_REDIS_URL;
const REQUESTS = 'socket.io-request#/#';
/** How long an adapter waits for answers, which it has none of here. */
const PATIENCE = 100;
const client = createClient({ url: REDIS });
/** Another server in the eyes of adapters, so that they ask; it answers nothing. */
const silent = createClient({ url: REDIS });
const sockets = [];
const ends = [];
let requests = [];

before(async () => {
  await Promise.all([client.connect(), silent.connect()]);
  await silent.subscribe(REQUESTS, (request) => requests.push(request), true);
});

afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.close());
  await Promise.all(ends.splice(0).map((end) => end()));
  requests = [];
});

after(() => Promise.all([client.close(), silent.close()]));

const next = (socket, event) => new Promise((resolve) => { socket.once(event, (...args) => resolve(args)); });

async function arrived(at) {
  const socket = io(NODES[at], { transports: ['websocket'], forceNew: true, reconnection: false });
  sockets.push(socket);
  socket.heard = [];
  socket.onAny((event, ...args) => { if (!event.startsWith('mark')) socket.heard.push([event, ...args]); });
  await next(socket, 'connect');
  return socket;
}

/** The namespace of a server without sockets. */
const emptyNamespace = () => ({
  name: '/',
  server: { encoder: { encode: () => [] } },
  connected: {},
  sockets: new Map(),
  _onServerSideEmit() {},
});

async function ofClients(createAdapter) {
  const clients = [createClient({ url: REDIS }), createClient({ url: REDIS })];
  await Promise.all(clients.map((one) => one.connect()));
  ends.push(() => Promise.all(clients.map((one) => one.close())));
  const adapter = createAdapter(...clients, { requestsTimeout: PATIENCE })(emptyNamespace());
  adapter.on('error', () => {});
  return adapter;
}

function ofUrl(createAdapter, make) {
  const made = createAdapter(REDIS, { requestsTimeout: PATIENCE });
  const adapter = make(made);
  adapter.on('error', () => {});
  ends.push(() => Promise.all([adapter.pubClient, adapter.subClient].map((one) => new Promise((done) => { one.quit(done); }))));
  return adapter;
}

const ADAPTERS = {
  'socket.io-redis 5': () => ofUrl(require('socket.io-redis-5'), (Made) => new Made(emptyNamespace())),
  'socket.io-redis 6': () => ofUrl(require('socket.io-redis-6'), (make) => make(emptyNamespace())),
  '@socket.io/redis-adapter 7': () => ofClients(require('redis-adapter-7').createAdapter),
  '@socket.io/redis-adapter 8': () => ofClients(require('redis-adapter-8').createAdapter),
};

/** How a version names rooms: the fifth by arrays. */
const rooms = (adapter, ...names) => (adapter.customRequest ? names : new Set(names));

const say = (adapter, event, to = [], except = []) => adapter.broadcast({ type: 2, data: [].concat(event) }, {
  rooms: rooms(adapter, ...to), except: rooms(adapter, ...except), flags: {},
});

let marks = 0;

/** What these got until now; a mark of the same adapter behind it shows that nothing is on its way any more. */
async function heard(adapter, ...all) {
  marks += 1;
  const marked = all.map((socket) => next(socket, `mark-${marks}`));
  say(adapter, `mark-${marks}`);
  await Promise.all(marked);
  return all.map((socket) => socket.heard.splice(0));
}

/** What a request comes to: an error where it is waited for in vain, or an answer of nobody. Those of the fifth have callbacks. */
const asked = (adapter, method, ...args) => new Promise((resolve) => {
  if (adapter.customRequest) return adapter[method](...args, resolve);
  return Promise.resolve(adapter[method](...args)).then(() => resolve(null), resolve);
});

async function undecodable() {
  const texts = await Promise.all(NODES.map(async (node) => (await fetch(`${node}/metrics`)).text()));
  return texts.map((text) => Number(text.match(/^callboard_drops_total\{reason="undecodable"\} (\d+)$/m)?.[1] ?? 0));
}

for (const [name, open] of Object.entries(ADAPTERS)) {
  test(`what ${name} broadcasts reaches who is meant`, async () => {
    const adapter = await open();
    const [one, other] = [await arrived(0), await arrived(1)];
    say(adapter, ['all', 1, { a: [null] }, Buffer.from('x')]);
    say(adapter, ['one'], [one.id]);
    say(adapter, ['not-one'], [], [one.id]);
    say(adapter, ['either-but'], [one.id, other.id], [other.id]);
    const all = ['all', 1, { a: [null] }, Buffer.from('x')];
    assert.deepEqual(await heard(adapter, one, other), [[all, ['one'], ['either-but']], [all, ['not-one']]]);
  });

  // The seventh has no such orders any more.
  if (name.startsWith('socket.io-redis')) test(`an order of ${name} about one socket is for that one alone`, async () => {
    const adapter = await open();
    const [one, other] = [await arrived(0), await arrived(1)];
    // It is done, and no answer is given.
    assert.match((await asked(adapter, 'remoteJoin', one.id, 'red')).message, /^timeout reached/);
    say(adapter, ['red'], ['red']);
    assert.deepEqual(await heard(adapter, one, other), [[['red']], []]);
    await asked(adapter, 'remoteLeave', one.id, 'red');
    say(adapter, ['red'], ['red']);
    assert.deepEqual(await heard(adapter, one, other), [[], []]);
    await asked(adapter, 'remoteDisconnect', 'somebody-else', false);
    assert.deepEqual(await heard(adapter, one, other), [[], []]);
    const gone = next(one, 'disconnect');
    await asked(adapter, 'remoteDisconnect', one.id, false);
    assert.equal((await gone)[0], 'io server disconnect');
    assert.deepEqual(await heard(adapter, other), [[]]);
    assert.equal(requests.length, 4);
  });

  // And the fifth has none of these.
  if (!name.endsWith('5')) test(`an order of ${name} about rooms is obeyed on both nodes`, async () => {
    const adapter = await open();
    const [one, other] = [await arrived(0), await arrived(1)];
    const of = (...names) => ({ rooms: new Set(names), except: new Set(), flags: {} });
    adapter.addSockets(of(one.id, other.id), ['red']);
    adapter.delSockets(of(other.id), ['red']);
    say(adapter, ['red'], ['red']);
    assert.deepEqual(await heard(adapter, one, other), [[['red']], []]);
    const gone = next(one, 'disconnect');
    adapter.disconnectSockets(of('red'), true);
    await gone;
    assert.deepEqual(await heard(adapter, other), [[]]);
  });

  test(`what ${name} asks other servers is ignored`, async () => {
    const adapter = await open();
    const [one, other] = [await arrived(0), await arrived(1)];
    const before = await undecodable();
    const everyone = { rooms: rooms(adapter), except: rooms(adapter), flags: {} };
    const asks = adapter.customRequest
      ? [['clients', []], ['clientRooms', one.id], ['allRooms'], ['customRequest', { a: 1 }]]
      : [['allRooms'], ['fetchSockets', everyone]];
    // Asked of others by the sixth alone; later ones answer it for themselves.
    if (adapter.remoteJoin && !adapter.customRequest) asks.push(['sockets', new Set()]);
    if (adapter.serverSideEmit) asks.push(['serverSideEmit', ['hello', 1]]);
    for (const [method, ...args] of asks) await asked(adapter, method, ...args);
    let count = asks.length;
    if (adapter.broadcastWithAck) {
      adapter.broadcastWithAck({ type: 2, data: ['asked'] }, everyone, () => {}, () => {});
      count += 1;
    }
    assert.deepEqual(await heard(adapter, one, other), [[], []]);
    while (requests.length < count) await client.ping();
    assert.equal(requests.length, count);
    assert.deepEqual(await undecodable(), before);
  });
}

test('an order that does not say to whom is obeyed by nobody, and counted', async () => {
  const adapter = await ADAPTERS['@socket.io/redis-adapter 8']();
  const [one, other] = [await arrived(0), await arrived(1)];
  const before = await undecodable();
  const unsaid = ['{"type":4}', '{"type":4,"close":true}', `{"type":4,"sid":"${one.id}"}`, '{"type":2,"opts":{"rooms":[]}}'];
  for (const order of unsaid) await client.publish(REQUESTS, order);
  assert.deepEqual(await heard(adapter, one, other), [[], []]);
  assert.deepEqual(await undecodable(), before.map((count) => count + unsaid.length));
});
