'use strict';
// What becomes of a socket whose token expires. The broker gives a grace, so this takes half a minute.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { setTimeout: pause } = require('node:timers/promises');
const tokens = require('../tokens');
const { CLOSED } = require('./brokers');
const { opened } = require('./wire');

const GRACE = 60_000;

test('an expired token ends its sockets, and leaves the connection', async () => {
  const claims = { aud: 'callboard-tests', iss: 'tests' };
  const line = await opened({ base: CLOSED });
  line.send(`40${JSON.stringify({ token: tokens.connection('42', { ...claims, exp: tokens.seconds(2) }) })}`);
  assert.match(await line.next(), /^40\{"sid":/);
  // The client library closes a connection that has no socket left, so this one is bare.
  let word;
  const late = pause(GRACE, '', { ref: false }).then(() => { throw new Error('the socket stayed'); });
  do {
    word = await Promise.race([line.patient(), late]);
    if (word === '2') line.send('3');
  } while (word === '2');
  assert.equal(word, '41');
  line.send(`40${JSON.stringify({ token: tokens.connection('42', claims) })}`);
  assert.match(await line.next(), /^40\{"sid":/);
});
