'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique, openWs, closedWs } = require('./broker');
const { client, connected, inbox, subscribed, eventually } = require('./sdk');
const tokens = require('./tokens');

/** How the broker ends a connection made with this token. */
async function ending(token, endpoint = openWs) {
  const c = client({ token }, endpoint);
  const disconnected = inbox(c, 'disconnected');
  c.connect();
  const { code, reason } = await disconnected.next();
  return { code, reason };
}

test('an anonymous client connects and gets an id', async () => {
  const c = client();
  const told = inbox(c, 'connected');
  c.connect();
  const ctx = await told.next();
  assert.match(ctx.client, /^[0-9a-f-]{36}$/);
  assert.equal(ctx.transport, 'websocket');
});

test('two clients have two ids', async () => {
  const ids = await Promise.all([1, 2].map(async () => {
    const c = client();
    const told = inbox(c, 'connected');
    c.connect();
    return (await told.next()).client;
  }));
  assert.notEqual(ids[0], ids[1]);
});

test('an anonymous client is turned away for good where tokens are asked for', async () => {
  assert.deepEqual(await ending('', closedWs), { code: 3501, reason: 'bad request' });
});

test('a token says who the client is and carries its info', async () => {
  const c = await connected({ token: tokens.connection('42', { info: { name: 'Ada' } }) });
  const { sub, publications } = await subscribed(c, unique('chat'));
  await sub.publish({ said: 1 });
  const { info } = await publications.next();
  assert.equal(info.user, '42');
  assert.deepEqual(info.connInfo, { name: 'Ada' });
});

test('a token without a subject connects as the anonymous user', async () => {
  const c = await connected({ token: tokens.sign({ exp: tokens.seconds(60) }) });
  const { sub, publications } = await subscribed(c, unique('chat'));
  await sub.publish({});
  assert.equal((await publications.next()).info.user, '');
});

test('a token without an expiry connects', async () => {
  await connected({ token: tokens.sign({ sub: '42' }) });
});

test('a client with an expired token asks for a fresh one and connects with it', async () => {
  let asked = 0;
  const c = await connected({
    token: tokens.connection('42', { exp: tokens.seconds(-3600) }),
    getToken: async () => {
      asked += 1;
      return tokens.connection('42');
    },
  });
  assert.equal(c.state, 'connected');
  assert.equal(asked, 1);
});

test('an expired token without a way to get a fresh one ends as unauthorized', async () => {
  const { code } = await ending(tokens.connection('42', { exp: tokens.seconds(-3600) }));
  assert.equal(code, 1);
});

for (const [name, token] of [
  ['garbage', 'garbage'],
  ['three parts of garbage', 'a.b.c'],
  ['a token signed with another key', tokens.sign({ sub: '42' }, 'another secret of a decent length')],
  ['a token that nobody signed', tokens.unsigned({ sub: '42' })],
  ['a token whose header names no algorithm we know', tokens.sign({ sub: '42' }, undefined, { alg: 'HS999' })],
  ['a token whose header claims another kind of key', tokens.sign({ sub: '42' }, undefined, { alg: 'RS256' })],
  ['a token with a number as subject', tokens.sign({ sub: 42 })],
  ['a token with a changed payload', (() => {
    const [header, , signature] = tokens.sign({ sub: '42' }).split('.');
    const [, payload] = tokens.sign({ sub: '1' }).split('.');
    return `${header}.${payload}.${signature}`;
  })()],
]) {
  test(`${name} is turned away for good`, async () => {
    assert.deepEqual(await ending(token), { code: 3500, reason: 'invalid token' });
  });
}

test('a token for this audience from this issuer connects where they are checked', async () => {
  await connected({ token: tokens.connection('42', { aud: 'callboard-tests', iss: 'tests' }) }, closedWs);
});

for (const [name, claims] of [
  ['another audience', { aud: 'somebody else', iss: 'tests' }],
  ['no audience', { iss: 'tests' }],
  ['another issuer', { aud: 'callboard-tests', iss: 'somebody else' }],
  ['no issuer', { aud: 'callboard-tests' }],
]) {
  test(`a token with ${name} is turned away where they are checked`, async () => {
    assert.equal((await ending(tokens.connection('42', claims), closedWs)).code, 3500);
  });
}

test('a client that leaves is gone from presence at once', async () => {
  const channel = unique('chat');
  const c = await connected();
  await subscribed(c, channel);
  assert.equal((await api('presence_stats', { channel })).num_clients, 1);
  const disconnected = inbox(c, 'disconnected');
  c.disconnect();
  assert.equal((await disconnected.next()).code, 0);
  await eventually(() => api('presence', { channel }), ({ presence }) => Object.keys(presence).length === 0);
});

test('connecting and disconnecting in a loop leaves the broker well', async () => {
  const c = client();
  for (let round = 0; round < 10; round += 1) {
    c.connect();
    c.disconnect();
  }
  c.connect();
  await c.ready(5000);
});

test('a client says its name, version, data and headers without harm', async () => {
  await connected({ name: 'test', version: '1.2.3', data: { a: [1] }, headers: { authorization: 'x' } });
});
