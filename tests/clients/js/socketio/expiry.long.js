'use strict';
// What becomes of a socket whose token expires. The broker gives a grace, so this takes half a minute.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const tokens = require('../tokens');
const { CLOSED, arrived, call } = require('./brokers');

const GRACE = 60_000;

test('an expired token ends its sockets, and leaves the connection', async () => {
  const claims = { aud: 'callboard-tests', iss: 'tests' };
  const brief = tokens.connection('42', { ...claims, exp: tokens.seconds(2) });
  const socket = await arrived({ url: CLOSED, auth: { token: brief } });
  const ended = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the socket stayed')), GRACE);
    socket.once('disconnect', (reason) => {
      clearTimeout(timer);
      resolve([reason, socket.io.engine.readyState]);
    });
  });
  assert.deepEqual(await ended, ['io server disconnect', 'open']);
  // Not a connection of its own: the one that it had takes it back with a fresh token.
  const engine = socket.io.engine.id;
  socket.auth = { token: tokens.connection('42', claims) };
  const back = new Promise((resolve) => { socket.once('connect', resolve); });
  socket.connect();
  await back;
  assert.equal(socket.io.engine.id, engine);
  assert.ok(!(await call(socket, 'subscribe', 'news')).error);
});
