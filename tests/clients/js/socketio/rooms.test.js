'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, onOneNode, connected, crowd, ask, heard, told, ownNamespace } = require('./sockets');

/** Sockets in a namespace of their own, the first in no room, the others in the rooms given. */
async function placed(via, ...rooms) {
  const sockets = await crowd(rooms.length + 1, via);
  await Promise.all(rooms.map((list, index) => ask(sockets[index + 1], 'join', list)));
  return sockets;
}

/** Who of these sockets got how many of event `e`, which must be all they got. */
async function counts(...sockets) {
  const all = await heard(...sockets);
  for (const [name] of all.flat()) assert.equal(name, 'e');
  return all.map((events) => events.length);
}

onEveryTransport('a socket is in the room of its id', async (via) => {
  const socket = await connected(via);
  assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
});

onEveryTransport('a socket joins and leaves rooms, twice if it likes', async (via) => {
  const socket = await connected(via);
  const rooms = (...names) => [socket.id, ...names].sort();
  await ask(socket, 'join', ['a', 'b', 'a']);
  await ask(socket, 'join', ['b', 'c']);
  assert.deepEqual(await ask(socket, 'rooms'), rooms('a', 'b', 'c'));
  await ask(socket, 'leave', ['b', 'never joined']);
  await ask(socket, 'leave', ['b']);
  assert.deepEqual(await ask(socket, 'rooms'), rooms('a', 'c'));
});

onEveryTransport('a room may have any name', async (via) => {
  const [sender, listener] = await crowd(2, via);
  const long = 'x'.repeat(200);
  for (const room of ['', ' ', 'é', '😀', '__proto__', 'constructor', 'a,b', 'a:b', '/', '#', '*', long]) {
    await ask(listener, 'join', [room]);
    await ask(sender, 'to', { rooms: [room], event: 'e', args: [room] });
    assert.deepEqual(await heard(sender, listener), [[], [['e', room]]], JSON.stringify(room));
    await ask(listener, 'leave', [room]);
  }
});

onEveryTransport('an event to a room goes to who is in it', async (via) => {
  const sockets = await placed(via, ['a'], ['b'], []);
  await ask(sockets[0], 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 0, 0]);
});

onEveryTransport('an event to several rooms goes once to who is in several', async (via) => {
  const sockets = await placed(via, ['a', 'b'], ['b'], ['c'], ['a', 'b', 'c']);
  await ask(sockets[0], 'to', { rooms: ['a', 'b', 'a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 1, 0, 1]);
});

onEveryTransport('an event to a room does not come back to its sender', async (via) => {
  const sockets = await placed(via, ['a'], ['a']);
  await ask(sockets[1], 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 0, 1]);
});

onEveryTransport('an event from the server to a room goes to everyone in it', async (via) => {
  const sockets = await placed(via, ['a'], ['a'], ['b']);
  await ask(sockets[1], 'all', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 1, 0]);
});

onEveryTransport('an event to no room goes to everyone but the sender', async (via) => {
  const sockets = await placed(via, ['a'], ['b']);
  await ask(sockets[1], 'to', { event: 'e' });
  assert.deepEqual(await counts(...sockets), [1, 0, 1]);
});

onEveryTransport('a broadcast goes to everyone but the sender, with its arguments', async (via) => {
  const sockets = await crowd(3, via);
  sockets[0].emit('broadcast', 'e', 1, { two: 2 }, Buffer.from('3'));
  const event = ['e', 1, { two: 2 }, Buffer.from('3')];
  assert.deepEqual(await heard(...sockets), [[], [event], [event]]);
});

onEveryTransport('an event from the server goes to everyone', async (via) => {
  const sockets = await crowd(3, via);
  await ask(sockets[0], 'all', { event: 'e' });
  assert.deepEqual(await counts(...sockets), [1, 1, 1]);
});

onEveryTransport('an event passes over who is in an excepted room', async (via) => {
  const sockets = await placed(via, ['a'], ['a', 'b'], ['c'], ['a', 'c']);
  await ask(sockets[0], 'to', { rooms: ['a'], except: ['b', 'c', 'no such room'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 0, 0, 0]);
});

onEveryTransport('an event to everyone passes over who is in an excepted room', async (via) => {
  const sockets = await placed(via, ['a'], ['b'], []);
  await ask(sockets[0], 'all', { except: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [1, 0, 1, 1]);
});

onEveryTransport('a socket is addressed, and excepted, by its id', async (via) => {
  const sockets = await crowd(3, via);
  await ask(sockets[0], 'to', { rooms: [sockets[1].id], event: 'e' });
  await ask(sockets[0], 'all', { except: [sockets[2].id], event: 'e' });
  assert.deepEqual(await counts(...sockets), [1, 2, 0]);
});

onEveryTransport('an event to a room where nobody is goes nowhere', async (via) => {
  const sockets = await crowd(2, via);
  await ask(sockets[0], 'to', { rooms: ['no such room'], event: 'e' });
  await ask(sockets[0], 'all', { rooms: ['no such room'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 0]);
});

onEveryTransport('who left a room hears no more of it', async (via) => {
  const sockets = await placed(via, ['a'], ['a']);
  await ask(sockets[1], 'leave', ['a']);
  await ask(sockets[0], 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 0, 1]);
});

onEveryTransport('who disconnected and came back is in its own room alone', async (via) => {
  const [sender, socket] = await placed(via, ['a']);
  const back = told(socket, 'connect');
  socket.disconnect().connect();
  await back;
  await socket.log.next('auth');
  assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
  await ask(sender, 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(sender, socket), [0, 0]);
});

onEveryTransport('rooms of one name in two namespaces are two rooms', async (via) => {
  const [one, other] = [await crowd(2, via), await crowd(2, via)];
  await Promise.all([one[1], other[1]].map((socket) => ask(socket, 'join', ['a'])));
  await ask(one[0], 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...one), [0, 1]);
  assert.deepEqual(await counts(...other), [0, 0]);
});

onEveryTransport('a volatile event comes to who is there to take it', async (via) => {
  const [sender, listener] = await crowd(2, via);
  await ask(listener, 'message-with-ack');
  // A listener that polls is between two polls at times, and then misses it. It is told until it hears it.
  const hears = told(listener, 'e');
  const again = async () => {
    await ask(sender, 'to', { event: 'e', volatile: true });
    const [events] = await heard(listener);
    return events.length > 0 || again();
  };
  await Promise.all([hears, again()]);
});

test('a volatile event to oneself arrives over a websocket', async () => {
  const socket = await connected({ transports: ['websocket'] });
  await ask(socket, 'to', { event: 'e', args: [1], volatile: true, self: true });
  assert.deepEqual(await socket.log.next('e'), [1]);
});

onEveryTransport('an event to oneself goes to nobody else', async (via) => {
  const sockets = await placed(via, ['a']);
  await ask(sockets[1], 'to', { rooms: ['a'], event: 'e', self: true });
  assert.deepEqual(await counts(...sockets), [0, 1]);
});

onOneNode('the server makes sockets join and leave rooms', async (via) => {
  const sockets = await placed(via, ['a'], ['a', 'b'], []);
  const [first, ...others] = sockets;
  await ask(first, 'sockets-join', { rooms: ['a'], except: ['b'], join: ['x', 'y'] });
  await ask(first, 'all', { rooms: ['x'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 0, 0]);
  assert.deepEqual(await ask(others[0], 'rooms'), [others[0].id, 'a', 'x', 'y'].sort());
  await ask(first, 'sockets-leave', { rooms: ['x'], leave: ['y', 'a'] });
  assert.deepEqual(await ask(others[0], 'rooms'), [others[0].id, 'x'].sort());
  assert.deepEqual(await ask(others[1], 'rooms'), [others[1].id, 'a', 'b'].sort());
});

onOneNode('the server makes everyone join a room', async (via) => {
  const sockets = await crowd(3, via);
  await ask(sockets[0], 'sockets-join', { join: ['x'] });
  await ask(sockets[0], 'to', { rooms: ['x'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [0, 1, 1]);
});

onOneNode('the server disconnects sockets by room, and the others stay', async (via) => {
  const sockets = await placed(via, ['a'], ['a', 'b'], ['a']);
  const gone = [1, 3].map((index) => told(sockets[index], 'disconnect'));
  await ask(sockets[0], 'disconnect-sockets', { rooms: ['a'], except: ['b'], close: false });
  for (const [reason] of await Promise.all(gone)) assert.equal(reason, 'io server disconnect');
  await ask(sockets[0], 'all', { event: 'e' });
  assert.deepEqual(await counts(sockets[0], sockets[2]), [1, 1]);
});

test('clients of all transports share a room', async () => {
  const nsp = ownNamespace();
  const lists = [['polling'], ['websocket'], ['polling', 'websocket']];
  const sockets = await Promise.all(lists.map((transports) => connected({ nsp, transports })));
  await Promise.all(sockets.map((socket) => ask(socket, 'join', ['a'])));
  for (const socket of sockets) await ask(socket, 'to', { rooms: ['a'], event: 'e' });
  assert.deepEqual(await counts(...sockets), [2, 2, 2]);
});
