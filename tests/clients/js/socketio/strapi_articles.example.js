'use strict';
// examples/strapi_articles.rs, as the clients of strapi-plugin-io meet it: the rows of the contract.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const { onEveryTransport, socketTo, told } = require('./sockets');

const URL = process.env.TEST_SOCKETIO_URL;
const EVERYTHING = { strategy: 'api-token', token: 'the key of everything' };
const APP = { strategy: 'api-token', token: 'the key of the app' };

/** A token as Strapi's users have it. */
function jwt(id, { secret = "the secret of the example's users", exp = 99999999999 } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ id, iat: 1, exp })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function arrived(auth, via = {}) {
  const socket = socketTo({ ...via, auth });
  const connected = told(socket, 'connect');
  socket.connect();
  await connected;
  return socket;
}

async function refused(auth, via = {}) {
  const socket = socketTo({ ...via, auth });
  const error = told(socket, 'connect_error');
  socket.connect();
  return (await error)[0];
}

/** Calls the HTTP API, as another program does. */
async function api(method, body) {
  const headers = { 'X-API-Key': 'the key of the API', 'Content-Type': 'application/json' };
  const answer = await fetch(`${URL}/api/${method}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.json();
}

const emit = (event, data) => api('strapi_emit', { event, schema: 'api::article.article', data });

/** What each has been told before an event that all are. Raw events overtake those of entries, which an entry's own does not. */
async function untilAll(sockets) {
  assert.deepEqual(await emit('last', { id: 0 }), { result: {} });
  assert.deepEqual(await api('strapi_raw', { event: 'the end', data: 1 }), { result: {} });
  const all = await Promise.all(sockets.map((socket) => socket.log.until('the end')));
  return all.map((events) => events.filter(([event]) => event !== 'article:last'));
}

onEveryTransport('who may not come in gets the words of the original, and no data', async (via) => {
  const rows = [
    [{ strategy: 'jwt', token: 'bad' }, 'Invalid token.'],
    [{ token: 'bad' }, 'Invalid token.'],
    [{ token: jwt(1, { secret: 'another' }) }, 'Invalid token.'],
    [{ token: jwt(1, { exp: 2 }) }, 'Invalid token.'],
    [{ token: jwt(undefined) }, 'Invalid credentials'],
    [{ token: jwt(99) }, 'Invalid credentials'],
    [{ token: jwt(3) }, 'Invalid credentials'],
    [{ strategy: 'api-token', token: 'bad' }, 'Invalid credentials'],
    [{ strategy: 'api-token', token: jwt(1) }, 'Invalid credentials'],
    [{ strategy: 'api-token', token: 'an old key' }, 'Token expired'],
  ];
  for (const [auth, message] of rows) {
    const error = await refused(auth, via);
    assert.deepEqual([error.message, error.data], [message, undefined], JSON.stringify(auth));
  }
});

onEveryTransport('an entry goes to the roles and tokens that permit it, each as it may see it', async (via) => {
  const everyone = [
    await arrived({}, via),
    await arrived({ strategy: 'jwt', token: jwt(1) }, via),
    await arrived({ token: jwt(2) }, via),
    await arrived(APP, via),
    await arrived({ ...EVERYTHING, strategy: 'apiToken' }, via),
  ];
  const entry = { id: 5, title: 'x', secret: 1, author: 2 };
  for (const event of ['create', 'update', 'delete']) assert.deepEqual(await emit(event, entry), { result: {} });
  const [publics, users, editors, apps, all] = await untilAll(everyone);
  const author = { data: { id: 2, attributes: { username: 'ed', role: 3 } } };
  const plain = { data: { id: 5, attributes: { title: 'x' } }, meta: {} };
  const whole = { data: { id: 5, attributes: { title: 'x', author } }, meta: {} };
  assert.deepEqual(publics, []);
  assert.deepEqual(users, [['article:create', plain]]);
  assert.deepEqual(apps, [['article:update', plain]]);
  assert.deepEqual(editors, ['create', 'update', 'delete'].map((event) => [`article:${event}`, whole]));
  assert.deepEqual(all, editors);
});

test('entries that are created by a call are told one by one', async () => {
  const [editor, user] = [await arrived({ token: jwt(2) }), await arrived({ token: jwt(1) })];
  const created = await editor.timeout(5000).emitWithAck('create', 'articles', [{ id: 11, title: 'a' }, { id: 12, secret: 1 }]);
  assert.deepEqual(created, null);
  const [told] = await untilAll([user]);
  assert.deepEqual(told.map(([event, { data }]) => [event, data]), [
    ['article:create', { id: 11, attributes: { title: 'a' } }],
    ['article:create', { id: 12, attributes: {} }],
  ]);
});

onEveryTransport('a handler updates the user in the store, and others are told', async (via) => {
  const [one, other] = [await arrived({ token: jwt(2) }, via), await arrived({ token: jwt(1) }, via)];
  assert.equal(await one.timeout(5000).emitWithAck('update-user-name', 1, 'lorem ipsum'), 'lorem ipsum');
  const [told] = await untilAll([other]);
  const user = { id: 1, attributes: { username: 'lorem ipsum', role: 1 } };
  assert.deepEqual(told, [['user:update', { data: user, meta: {} }]]);
  const { error } = await one.timeout(5000).emitWithAck('update-user-name', 99, 'nobody');
  assert.equal(error.code, 404);
});

onEveryTransport('raw goes to the union of rooms, or to everyone', async (via) => {
  const [publics, user, editor] = [await arrived({}, via), await arrived({ token: jwt(1) }, via), await arrived({ token: jwt(2) }, via)];
  await api('strapi_raw', { event: 'custom:evt', data: { m: 1 }, rooms: ['io-role-public', 'io-role-chief-editor'] });
  await api('strapi_raw', { event: 'custom:evt', data: { m: 2 } });
  const told = await untilAll([publics, user, editor]);
  const [one, two] = [1, 2].map((m) => ['custom:evt', { data: { m } }]);
  assert.deepEqual(told, [[one, two], [two], [one, two]]);
});

test('an event that nobody handles is ignored, and its acknowledgement is never called', async () => {
  const socket = await arrived(EVERYTHING);
  await assert.rejects(socket.timeout(300).emitWithAck('nothing', 1));
  assert.equal(socket.connected, true);
  // Nor is one an event of an entry because a client says so.
  const user = await arrived({ token: jwt(1) });
  socket.emit('article:create', { data: { id: 1, attributes: {} }, meta: {} });
  const [told] = await untilAll([user]);
  assert.deepEqual(told, []);
});

test('services that hold rights are called by nobody', async () => {
  const socket = await arrived(EVERYTHING);
  for (const path of ['roles', 'api-tokens']) {
    const error = await socket.timeout(5000).emitWithAck('find', path, {});
    assert.deepEqual([error.code, error.message], [403, 'Forbidden']);
  }
});
