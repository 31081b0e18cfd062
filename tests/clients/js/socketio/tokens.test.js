'use strict';
// Who may connect: tokens from the auth payload, the Authorization header and the query.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const tokens = require('../tokens');
const { socketTo, refusal, unique, told } = require('./sockets');
const { OPEN, CLOSED, onBothTransports, arrived, call } = require('./brokers');

const good = () => tokens.connection('42', { aud: 'callboard-tests', iss: 'tests' });

/** The ways to hand over a token. */
const WAYS = {
  'the auth payload': (token) => ({ auth: { token } }),
  'the Authorization header': (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } }),
  'the query': (token) => ({ query: { token } }),
};

for (const [name, way] of Object.entries(WAYS)) {
  onBothTransports(`a good token in ${name} connects`, async (via) => {
    const socket = await arrived({ ...via, url: CLOSED, ...way(good()) });
    assert.ok(!(await call(socket, 'subscribe', unique())).error);
  });

  onBothTransports(`a bad token in ${name} is refused`, async (via) => {
    for (const url of [CLOSED, OPEN]) {
      const error = await refusal(socketTo({ ...via, url, ...way('garbage') }));
      assert.deepEqual(error, { message: 'invalid token', data: { code: 3500 } });
    }
  });
}

const claims = { sub: '42', aud: 'callboard-tests', iss: 'tests' };

for (const [name, token] of [
  ['of another key', tokens.sign(claims, 'another secret of a decent length')],
  ['that nobody signed', tokens.unsigned(claims)],
  ['for another audience', tokens.connection('42', { aud: 'other', iss: 'tests' })],
  ['of another issuer', tokens.connection('42', { aud: 'callboard-tests', iss: 'other' })],
]) {
  test(`a token ${name} is refused`, async () => {
    const error = await refusal(socketTo({ url: CLOSED, auth: { token } }));
    assert.deepEqual(error, { message: 'invalid token', data: { code: 3500 } });
  });
}

test('an expired token is refused', async () => {
  const token = tokens.connection('42', { aud: 'callboard-tests', iss: 'tests', exp: tokens.seconds(-3600) });
  const { data } = await refusal(socketTo({ url: CLOSED, auth: { token } }));
  assert.equal(typeof data.code, 'number');
});

for (const token of [42, null, ['x'], { a: 1 }, true]) {
  test(`a token that is ${JSON.stringify(token)} is refused`, async () => {
    const { data } = await refusal(socketTo({ url: CLOSED, auth: { token } }));
    assert.equal(typeof data.code, 'number');
  });
}

onBothTransports('who has no token is refused where tokens are asked for, and may come back with one', async (via) => {
  const socket = socketTo({ ...via, url: CLOSED });
  const { data } = await refusal(socket);
  assert.equal(typeof data.code, 'number');
  socket.auth = { token: good() };
  const connected = told(socket, 'connect');
  socket.connect();
  await connected;
});

onBothTransports('who has no token is welcome where nobody asks for one', async (via) => {
  await arrived(via);
});
