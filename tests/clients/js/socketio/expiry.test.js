'use strict';
// What becomes of the sockets of a token that expires. The broker gives a grace of 25 s, so this takes half a minute.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { setTimeout: pause } = require('node:timers/promises');
const tokens = require('../tokens');
const { CLOSED } = require('./brokers');
const { opened } = require('./wire');

const PATIENCE = 60_000;
const claims = { aud: 'callboard-tests', iss: 'tests' };

/** Joins a namespace with a token of its own. */
async function join(line, nsp, more) {
  const prefix = nsp && `${nsp},`;
  line.send(`40${prefix}${JSON.stringify({ token: tokens.connection('42', { ...claims, ...more }) })}`);
  const reply = await line.next();
  assert.ok(reply.startsWith(`40${prefix}{"sid":`), reply);
}

/** The next frame that is no ping. */
async function word(line, late) {
  for (;;) {
    const frame = await Promise.race([line.patient(), late]);
    if (frame !== '2') return frame;
    line.send('3');
  }
}

test('an expired token ends its sockets, those of another token stay, and so does the connection', async () => {
  // The client library closes a connection that has no socket left, so this one is bare.
  const line = await opened({ base: CLOSED });
  const expiring = { exp: tokens.seconds(2) };
  await join(line, '', expiring);
  await join(line, '/first', expiring);
  await join(line, '/second');
  const late = pause(PATIENCE, '', { ref: false }).then(() => { throw new Error('the sockets stayed'); });
  const left = [await word(line, late), await word(line, late)];
  assert.deepEqual(left.sort(), ['41', '41/first,']);
  line.send('42/second,7["subscribe","expiry"]');
  assert.match(await word(line, late), /^43\/second,7\[\{/);
  await join(line, '');
});
