'use strict';
// Heartbeats, against a broker whose heartbeats, answers and first commands have one second.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { unique, briskWs } = require('./broker');
const { connected, inbox, subscribed } = require('./sdk');
const { dial, line } = require('./raw');

test('a client that answers heartbeats stays', async () => {
  const c = await connected({}, briskWs);
  const { sub, publications } = await subscribed(c, unique());
  const connecting = inbox(c, 'connecting');
  await new Promise((resolve) => { setTimeout(resolve, 3500); });
  await sub.publish(1);
  await publications.next();
  assert.deepEqual(connecting.items, []);
});

test('a client that does not answer is closed with 3012', async () => {
  const l = await line({}, briskWs);
  await l.find(({ text }) => text === '{}');
  assert.deepEqual(await l.close(), { code: 3012, reason: 'no pong' });
});

test('a heartbeat answered twice is a bad request', async () => {
  const l = await line({}, briskWs);
  await l.find(({ text }) => text === '{}');
  l.send('{}');
  l.send('{}');
  assert.deepEqual(await l.close(), { code: 3501, reason: 'bad request' });
});

test('a connection without a first command is closed with 3502', async () => {
  assert.deepEqual(await (await dial(briskWs)).close(), { code: 3502, reason: 'stale' });
});

test('who asks for WebSocket pings gets those, and no heartbeats', async () => {
  const l = await dial(`${briskWs}?cf_ws_frame_ping_pong=true`);
  const pinged = new Promise((resolve) => { l.socket.once('ping', resolve); });
  const { connect } = await l.ask({ id: 1, connect: {} });
  assert.deepEqual([connect.ping, connect.pong], [undefined, undefined]);
  await pinged;
  assert.deepEqual(l.replies, []);
});
