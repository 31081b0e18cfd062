'use strict';
// Connection state recovery on the wire, over polling.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { RECOVERY, ours, ownNamespace } = require('./sockets');
const { Poller } = require('./wire');

const base = RECOVERY;

/** Packets that come until one satisfies, that one included. */
async function until(poller, satisfies) {
  const packets = [];
  do packets.push(await poller.packet()); while (!satisfies(packets.at(-1)));
  return packets;
}

/** Joins with this private id and offset; what came before the CONNECT reply, and the reply. */
async function rejoin(nsp, auth) {
  const poller = await Poller.open({ base });
  await poller.push(`40${nsp},${JSON.stringify(auth)}`);
  const missed = await until(poller, (packet) => packet.startsWith(`40${nsp},`));
  Object.assign(poller, JSON.parse(missed.pop().slice(`40${nsp},`.length)));
  return { poller, missed };
}

/** A session with rooms that heard one event: its offset is known. */
async function settled(nsp, ...rooms) {
  const poller = await Poller.join({ base, nsp });
  await poller.push(`42${nsp},1["join",${JSON.stringify(rooms)}]`);
  await until(poller, (packet) => packet === `43${nsp},1[]`);
  await poller.push(`42${nsp},["message","settled"]`);
  const event = await poller.packet();
  const [name, argument, offset, ...rest] = JSON.parse(event.slice(`42${nsp},`.length));
  assert.deepEqual([name, argument, rest], ['message-back', 'settled', []]);
  assert.equal(typeof offset, 'string');
  return { poller, offset };
}

/** Ends a session as a lost connection does, without leaving its namespaces. */
async function lose(poller) {
  await poller.push('1');
  await poller.gone();
}

/** Emits by another session. */
async function speak(speaker, nsp, what) {
  await speaker.push(`42${nsp},5["all",${JSON.stringify(what)}]`);
  await until(speaker, (packet) => packet === `43${nsp},5[]`);
}

const withoutOffset = (nsp, packet) => JSON.parse(packet.slice(`42${nsp},`.length)).slice(0, -1);

test('who comes back gets what it missed before the reply, and the same ids', async () => {
  const nsp = ownNamespace();
  const speaker = await Poller.join({ base, nsp });
  const { poller, offset } = await settled(nsp, 'a');
  await lose(poller);
  for (const what of [
    { event: 'hello1' },
    { rooms: ['a'], event: 'hello2', args: [{ b: 1, a: 'é' }] },
    { rooms: [poller.sid], event: 'hello3' },
    { rooms: ['b'], event: 'to another room' },
    { rooms: [speaker.sid], event: 'to another socket' },
    { except: ['a'], event: 'not to its room' },
    { except: [poller.sid], event: 'not to it' },
    { rooms: ['a', 'b'], except: ['c'], event: 'hello4' },
  ]) await speak(speaker, nsp, what);
  const { poller: back, missed } = await rejoin(nsp, { pid: poller.pid, offset });
  assert.deepEqual([back.sid, back.pid], [poller.sid, poller.pid]);
  assert.deepEqual(missed.map((packet) => withoutOffset(nsp, packet)), [
    ['hello1'], ['hello2', { b: 1, a: 'é' }], ['hello3'], ['hello4'],
  ]);
});

test('the greeting of who comes back is after the reply, with all of its auth payload', async () => {
  const nsp = ownNamespace();
  const { poller, offset } = await settled(nsp);
  await lose(poller);
  const auth = { pid: poller.pid, offset, more: 1 };
  const { poller: back } = await rejoin(nsp, auth);
  assert.deepEqual(withoutOffset(nsp, await back.packet()), ['auth', auth]);
});

test('who comes back at an earlier offset gets all from there', async () => {
  const nsp = ownNamespace();
  const { poller, offset } = await settled(nsp);
  for (const event of ['one', 'two']) {
    await speak(poller, nsp, { event });
  }
  await lose(poller);
  const { missed } = await rejoin(nsp, { pid: poller.pid, offset });
  assert.deepEqual(missed.map((packet) => withoutOffset(nsp, packet)), [['one'], ['two']]);
});

test('offsets that came with what was missed are good for the next time', async () => {
  const nsp = ownNamespace();
  const speaker = await Poller.join({ base, nsp });
  let { poller, offset } = await settled(nsp);
  for (const event of ['one', 'two', 'three']) {
    await lose(poller);
    await speak(speaker, nsp, { event });
    const { poller: back, missed } = await rejoin(nsp, { pid: poller.pid, offset });
    assert.deepEqual(missed.map((packet) => withoutOffset(nsp, packet)), [[event]]);
    offset = JSON.parse(missed[0].slice(`42${nsp},`.length)).at(-1);
    poller = back;
    await until(poller, (packet) => packet.startsWith(`42${nsp},["auth"`));
    offset = (await (async () => {
      await poller.push(`42${nsp},["message","again"]`);
      return JSON.parse((await poller.packet()).slice(`42${nsp},`.length));
    })()).at(-1);
  }
});

for (const [name, change] of [
  ['an unknown private id', ({ offset }) => ({ pid: 'unknown', offset })],
  ['an unknown offset', ({ pid }) => ({ pid, offset: 'unknown' })],
  ['an empty offset', ({ pid }) => ({ pid, offset: '' })],
  ['no offset', ({ pid }) => ({ pid })],
  ['no private id', ({ offset }) => ({ offset })],
  ['a number as private id', ({ offset }) => ({ pid: 1, offset })],
  ['a number as offset', ({ pid }) => ({ pid, offset: 1 })],
  ['the id of the socket as private id', ({ sid, offset }) => ({ pid: sid, offset })],
  ['__proto__ as private id', ({ offset }) => ({ pid: '__proto__', offset })],
]) {
  test(`${name} is a new session, without an error`, async () => {
    const nsp = ownNamespace();
    const { poller, offset } = await settled(nsp, 'a');
    await lose(poller);
    const { poller: back, missed } = await rejoin(nsp, change({ pid: poller.pid, sid: poller.sid, offset }));
    assert.deepEqual(missed, []);
    assert.notEqual(back.sid, poller.sid);
    assert.notEqual(back.pid, poller.pid);
    assert.deepEqual(withoutOffset(nsp, await back.packet())[0], 'auth');
  });
}

// The original gives it to whoever asks while it is kept, and then two sockets have one id.
ours('a session is given back once', async () => {
  const nsp = ownNamespace();
  const { poller, offset } = await settled(nsp);
  await lose(poller);
  const auth = { pid: poller.pid, offset };
  const { poller: first } = await rejoin(nsp, auth);
  const { poller: second } = await rejoin(nsp, auth);
  assert.equal(first.sid, poller.sid);
  assert.notEqual(second.sid, poller.sid);
});

test('a session that is still there is not given away', async () => {
  const nsp = ownNamespace();
  const { poller, offset } = await settled(nsp);
  const { poller: other } = await rejoin(nsp, { pid: poller.pid, offset });
  assert.notEqual(other.sid, poller.sid);
});

test('who left is not given its session back', async () => {
  const nsp = ownNamespace();
  const { poller, offset } = await settled(nsp);
  await poller.push(`41${nsp},`);
  const { poller: other } = await rejoin(nsp, { pid: poller.pid, offset });
  assert.notEqual(other.sid, poller.sid);
});

test('a session belongs to its namespace', async () => {
  const { poller, offset } = await settled(ownNamespace());
  await lose(poller);
  const { poller: other } = await rejoin(ownNamespace(), { pid: poller.pid, offset });
  assert.notEqual(other.sid, poller.sid);
});

test('an acknowledgement carries no offset, nor does an event that wants one', async () => {
  const nsp = ownNamespace();
  const { poller } = await settled(nsp);
  await poller.push(`42${nsp},1["message-with-ack","x"]`);
  assert.equal(await poller.packet(), `43${nsp},1["x"]`);
  await poller.push(`42${nsp},2["ask-me",{"event":"q","args":[1],"timeout":50}]`);
  assert.equal(await poller.packet(), `42${nsp},0["q",1]`);
});
