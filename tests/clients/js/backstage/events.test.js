'use strict';
// The events wire as its clients in JavaScript speak it: `ws`, and the unmodified socket.io-client.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const WebSocket = require('ws');
const { EVENTS, ends, serviceToken, until, userToken } = require('./broker');

function plugin(token, options = {}) {
  const socket = io(EVENTS, { path: '/events/', auth: { token }, forceNew: true, ...options });
  ends.push(() => socket.io._close());
  return socket;
}

const connected = (socket) => new Promise((resolve, reject) => {
  socket.once('connect', resolve);
  socket.once('connect_error', reject);
});

for (const transports of [['polling', 'websocket'], ['websocket']]) {
  test(`events reach socket.io clients over ${transports}, targeted ones those who own the entity`, async () => {
    const [catalog, mia, joe] = [
      plugin(serviceToken('catalog'), { transports }),
      plugin(userToken('user:default/mia', ['group:default/admins']), { transports }),
      plugin(userToken('user:default/joe'), { transports }),
    ];
    await Promise.all([catalog, mia, joe].map(connected));
    const heard = { mia: [], joe: [] };
    mia.on('message', (message) => heard.mia.push(message));
    joe.on('message', (message) => heard.joe.push(message));
    await Promise.all([mia, joe].map((socket) => socket.emitWithAck('subscribe', { pluginId: 'catalog', topic: 't' })));
    catalog.emit('register', { pluginId: 'catalog' });
    const event = { pluginId: 'catalog', topic: 't' };
    catalog.emit('publish', { ...event, targetEntityRefs: ['group:default/admins'], data: { n: 1 } });
    catalog.emit('publish', { ...event, data: { n: 2 } });
    await until('both are told', () => heard.mia.length === 2 && heard.joe.length === 1);
    assert.deepEqual(heard.mia, [{ ...event, data: { n: 1 } }, { ...event, data: { n: 2 } }]);
    assert.deepEqual(heard.joe, [{ ...event, data: { n: 2 } }]);
  });
}

test('a refusal is the event error', async () => {
  const mia = plugin(userToken('user:default/mia'));
  await connected(mia);
  const refused = new Promise((resolve) => { mia.once('error', resolve); });
  mia.emit('publish', { pluginId: 'catalog', data: 1 });
  assert.deepEqual(await refused, {
    refused: 'publish', code: 103, message: 'only a registered publisher may publish: register first',
  });
});

test('a bad token is a connect_error', async () => {
  await assert.rejects(connected(plugin('junk')), (error) => error.message === 'invalid token' && error.data.code === 3500);
});

test('ws with a header gets the same events', async () => {
  const open = (token) => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${EVENTS.replace('http', 'ws')}/events`, { headers: { authorization: `Bearer ${token}` } });
    ends.push(() => socket.terminate());
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
  const [catalog, mia] = [await open(serviceToken('catalog')), await open(userToken('user:default/mia'))];
  const heard = [];
  mia.on('message', (data) => heard.push(JSON.parse(data)));
  const say = (socket, what) => socket.send(JSON.stringify(what));
  say(mia, { command: 'subscribe', pluginId: 'catalog' });
  // What is refused is answered in its order, so the subscription stands when this is.
  say(mia, { command: 'settle' });
  await until('the subscription stands', () => heard.length === 1);
  say(catalog, { command: 'register', pluginId: 'catalog' });
  say(catalog, { command: 'publish', pluginId: 'catalog', data: { n: 1 } });
  await until('it is told', () => heard.length === 2);
  assert.deepEqual(heard[1], { command: 'publish', pluginId: 'catalog', data: { n: 1 } });
});
