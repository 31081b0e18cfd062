'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { RECOVERY, onEveryTransport, connected, ask, told, ownNamespace, unique } = require('./sockets');
const { opened } = require('./wire');

/** Somebody who speaks, and a client that will be cut off, in a namespace of their own. */
async function pair(via) {
  const nsp = ownNamespace();
  const speaker = await connected({ ...via, url: RECOVERY, nsp });
  return [speaker, await watched(speaker, via)];
}

/** A client whose end the speaker will be told of. */
async function watched(speaker, via) {
  const name = unique();
  await ask(speaker, 'join', [`watch-${name}`]);
  return connected({ ...via, url: RECOVERY, nsp: speaker.nsp, auth: { name } });
}

/** Without the offset at their end that all events have here. */
const plain = (events) => events.map((event) => {
  assert.equal(typeof event.at(-1), 'string');
  return event.slice(0, -1);
});

/** Kills the connection of a client, does something when the server knows, and lets it come back. */
async function away(socket, speaker, meanwhile) {
  socket.io.reconnection(false);
  const left = told(socket, 'disconnect');
  socket.io.engine.close();
  await left;
  await speaker.log.next('left');
  await meanwhile();
  socket.io.reconnection(true);
  const back = told(socket, 'connect');
  socket.connect();
  await back;
}

onEveryTransport('a client that was cut off gets its id, rooms and data back, and what it missed', async (via) => {
  const [speaker, listener] = await pair(via);
  await Promise.all([ask(listener, 'join', ['a']), ask(listener, 'data-set', { kept: [1] })]);
  const { id } = listener;
  assert.ok(!listener.recovered);
  await away(listener, speaker, async () => {
    await ask(speaker, 'all', { event: 'to-all', args: [1] });
    await ask(speaker, 'all', { rooms: ['a'], event: 'to-room', args: [{ two: 2 }] });
    await ask(speaker, 'all', { rooms: [id], event: 'to-one' });
    await ask(speaker, 'to', { rooms: ['a'], event: 'from-other' });
    await ask(speaker, 'all', { rooms: ['b'], event: 'to-others' });
    await ask(speaker, 'all', { except: ['a'], event: 'not-to-a' });
    await ask(speaker, 'to', { event: 'volatile', volatile: true });
  });
  assert.equal(listener.recovered, true);
  assert.equal(listener.id, id);
  const missed = plain(await listener.log.until('auth'));
  assert.deepEqual(missed, [['to-all', 1], ['to-room', { two: 2 }], ['to-one'], ['from-other']]);
  assert.deepEqual(await ask(listener, 'rooms'), [id, 'a'].sort());
  assert.deepEqual(await ask(listener, 'data-get'), { kept: [1] });
});

onEveryTransport('a client that missed nothing is recovered too', async (via) => {
  const [speaker, listener] = await pair(via);
  const { id } = listener;
  await away(listener, speaker, async () => {});
  assert.equal(listener.recovered, true);
  assert.equal(listener.id, id);
  assert.deepEqual(await listener.log.until('auth'), []);
});

onEveryTransport('a client is recovered again and again, and hears everything once', async (via) => {
  const [speaker, listener] = await pair(via);
  for (let round = 0; round < 3; round += 1) {
    await away(listener, speaker, () => ask(speaker, 'all', { event: 'missed', args: [round] }));
    assert.equal(listener.recovered, true);
    assert.deepEqual(plain(await listener.log.until('auth')), [['missed', round]]);
    await ask(speaker, 'all', { event: 'live', args: [round] });
    assert.equal((await listener.log.next('live'))[0], round);
    assert.deepEqual(listener.log.items, []);
  }
});

onEveryTransport('what was missed with binary comes with binary', async (via) => {
  const [speaker, listener] = await pair(via);
  const args = [{ file: Buffer.from([1, 2]), empty: Buffer.alloc(0) }];
  await away(listener, speaker, () => ask(speaker, 'all', { event: 'blob', args }));
  assert.equal(listener.recovered, true);
  assert.deepEqual(plain(await listener.log.until('auth')), [['blob', ...args]]);
});

onEveryTransport('a hundred missed events come in their order', async (via) => {
  const [speaker, listener] = await pair(via);
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  await away(listener, speaker, async () => {
    for (const number of numbers) await ask(speaker, 'all', { event: 'number', args: [number] });
  });
  assert.deepEqual(plain(await listener.log.until('auth')).map(([, number]) => number), numbers);
});

onEveryTransport('what the client emits after it came back is from the same socket', async (via) => {
  const [speaker, listener] = await pair(via);
  await away(listener, speaker, async () => {});
  await ask(listener, 'to', { event: 'from-listener', args: [listener.id] });
  assert.equal((await speaker.log.next('from-listener'))[0], listener.id);
  await ask(speaker, 'all', { rooms: [listener.id], event: 'direct' });
  await listener.log.next('direct');
});

onEveryTransport('an unknown private id is a new connection, without an error', async (via) => {
  const [speaker, listener] = await pair(via);
  const { id } = listener;
  await away(listener, speaker, async () => { listener._pid = 'no-such-session'; });
  assert.equal(listener.recovered, false);
  assert.notEqual(listener.id, id);
  assert.deepEqual(await ask(listener, 'rooms'), [listener.id]);
});

onEveryTransport('an unknown offset is a new connection, without an error', async (via) => {
  const [speaker, listener] = await pair(via);
  const { id } = listener;
  await away(listener, speaker, async () => { listener._lastOffset = 'no-such-offset'; });
  assert.equal(listener.recovered, false);
  assert.notEqual(listener.id, id);
});

onEveryTransport('a client that left on purpose is not recovered', async (via) => {
  const [speaker, listener] = await pair(via);
  const { id } = listener;
  const back = told(listener, 'connect');
  listener.disconnect();
  await ask(speaker, 'all', { event: 'missed' });
  listener.connect();
  await back;
  assert.equal(listener.recovered, false);
  assert.notEqual(listener.id, id);
  assert.deepEqual((await listener.log.until('auth')).filter(([event]) => event === 'missed'), []);
});

onEveryTransport('a client that the server disconnected is not recovered', async (via) => {
  const [, listener] = await pair(via);
  const { id } = listener;
  const left = told(listener, 'disconnect');
  listener.emit('disconnect-me', false);
  await left;
  const back = told(listener, 'connect');
  listener.connect();
  await back;
  assert.equal(listener.recovered, false);
  assert.notEqual(listener.id, id);
});

test('a private id is good for one client at a time', async () => {
  const [speaker, listener] = await pair({ transports: ['websocket'] });
  const thief = await watched(speaker, { transports: ['websocket'] });
  await away(thief, speaker, async () => { thief._pid = listener._pid; });
  assert.equal(thief.recovered, false);
  assert.notEqual(thief.id, listener.id);
  assert.equal((await ask(listener, 'rooms'))[0], listener.id);
});

/** Joins bare, with this payload: what the answer says, and the place of the greeting. */
async function joinBare(nsp, payload) {
  const line = await opened({ base: RECOVERY });
  line.send(`40${nsp},${JSON.stringify(payload)}`);
  const frames = [await line.next(), await line.next()];
  const read = (type) => JSON.parse(frames.find((frame) => frame.startsWith(type)).slice(type.length + nsp.length + 1));
  return { line, ...read('40'), offset: read('42').at(-1) };
}

for (const [name, send] of [
  ['a second CONNECT', (nsp) => `40${nsp},`],
  ['a packet that cannot be read', (nsp) => `42${nsp},[bad`],
]) {
  test(`a client that was cut off for ${name} is recovered`, async () => {
    const [nsp, auth] = [ownNamespace(), { name: unique() }];
    const speaker = await connected({ url: RECOVERY, nsp });
    await ask(speaker, 'join', [`watch-${auth.name}`]);
    const { line, sid, pid, offset } = await joinBare(nsp, auth);
    line.send(send(nsp));
    assert.deepEqual((await speaker.log.next('left')).slice(0, 2), [auth.name, 'forced close']);
    const back = await joinBare(nsp, { pid, offset });
    assert.deepEqual([back.sid, back.pid], [sid, pid]);
  });
}
