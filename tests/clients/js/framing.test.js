'use strict';
// What a frame may look like, byte by byte.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const WebSocket = require('ws');
const { api, unique, openWs } = require('./broker');
const { dial, line } = require('./raw');
const tokens = require('./tokens');

test('the connect reply has what a client needs and nothing it does not', async () => {
  const l = await dial();
  const { connect } = await l.ask({ id: 7, connect: {} });
  assert.deepEqual(Object.keys(connect).sort(), ['client', 'ping', 'pong', 'version']);
  assert.equal(connect.ping, 25);
  assert.equal(connect.pong, true);
  assert.match(connect.version, /^\d+\.\d+\.\d+/);
});

test('the connect reply of an expiring token says when', async () => {
  const l = await dial();
  const { connect } = await l.ask({ id: 1, connect: { token: tokens.connection('42', { exp: tokens.seconds(300) }) } });
  assert.equal(connect.expires, true);
  assert.ok(connect.ttl > 295 && connect.ttl <= 300, `ttl ${connect.ttl}`);
});

test('a client that closes is answered with a close', async () => {
  const l = await line();
  l.socket.close(1000);
  assert.equal((await l.closed).code, 1000);
});

test('several commands in a frame are answered in order', async () => {
  const channel = unique('chat');
  const l = await dial();
  l.send(
    { id: 1, connect: {} },
    { id: 2, subscribe: { channel } },
    { id: 3, publish: { channel, data: {} } },
    { id: 4, presence_stats: { channel } },
    { id: 5, unsubscribe: { channel } },
    { id: 6, unsubscribe: { channel } },
  );
  await l.reply(6);
  const ids = l.frames.flatMap(({ text }) => text.split('\n')).map((text) => JSON.parse(text).id).filter(Boolean);
  assert.deepEqual(ids, [1, 2, 3, 4, 5, 6]);
});

test('white space, key order, unknown fields and a trailing newline do not matter', async () => {
  const channel = unique();
  const l = await line();
  l.send(` { "subscribe" : { "unknown" : [ 1 ] , "channel" : "${channel}" } , "more" : { } , "id" : 2 } \n`);
  assert.deepEqual((await l.reply(2)).subscribe, {});
});

test('commands in a binary frame are taken, and answered as text', async () => {
  const l = await dial();
  l.send(Buffer.from('{"id":1,"connect":{}}'));
  await l.reply(1);
  assert.equal(l.frames[0].binary, false);
});

test('the largest command id is echoed', async () => {
  const l = await line();
  assert.ok((await l.ask({ id: 4294967295, unsubscribe: { channel: 'x' } })).unsubscribe);
});

test('of two payloads the first of the fixed order counts', async () => {
  const channel = unique('chat');
  const l = await line();
  const reply = await l.ask({ id: 2, publish: { channel, data: 1 }, subscribe: { channel } });
  assert.ok(reply.subscribe);
});

test('a fragmented message is one message', async () => {
  const l = await dial();
  const text = '{"id":1,"connect":{}}';
  l.socket.send(text.slice(0, 5), { fin: false });
  l.socket.send(text.slice(5, 12), { fin: false });
  l.socket.send(text.slice(12), { fin: true });
  assert.ok((await l.reply(1)).connect);
});

test('published data passes byte for byte', async () => {
  const channel = unique('chat');
  const l = await line();
  await l.ask({ id: 2, subscribe: { channel } });
  const data = '{ "long":12345678901234567890.1234567890 , "e":1E5,"s":"\\u00e9\\/", "a":[ 1,  2 ]}';
  l.send(`{"id":3,"publish":{"channel":"${channel}","data":${data}}}`);
  const { text } = await l.find((reply) => reply.push);
  assert.ok(text.includes(`"data":${data}`), text);
});

test('pretty-printed JSON from the API reaches a subscriber whole', async () => {
  const channel = unique('chat');
  const l = await line();
  await l.ask({ id: 2, subscribe: { channel } });
  const data = { text: 'line\nbreak', list: [1, { deep: true }] };
  await api('publish', JSON.stringify({ channel, data }, null, 2));
  assert.deepEqual((await l.push()).pub.data, data);
});

test('the first publication of a stream carries its epoch, the next does not', async () => {
  const channel = unique('chat');
  const l = await line();
  const { subscribe } = await l.ask({ id: 2, subscribe: { channel } });
  assert.deepEqual(Object.keys(subscribe).sort(), ['epoch', 'positioned', 'recoverable']);
  await api('publish', { channel, data: 1 });
  await api('publish', { channel, data: 2 });
  assert.deepEqual(await l.push(), { channel, pub: { data: 1, offset: 1, epoch: subscribe.epoch } });
  assert.deepEqual(await l.push(), { channel, pub: { data: 2, offset: 2 } });
});

test('a successful recovery answers with the position asked from, a failed one with the top', async () => {
  const channel = unique('chat');
  for (const data of [1, 2, 3]) await api('publish', { channel, data });
  const { epoch } = await api('history', { channel });
  const recover = { channel, recover: true, offset: 1 };
  const from = async (position) => (await line()).ask({ id: 2, subscribe: { ...recover, ...position } });
  const { subscribe: full } = await from({ epoch });
  assert.equal(full.offset, 1);
  assert.equal(full.recovered, true);
  assert.equal(full.was_recovering, true);
  assert.deepEqual(full.publications.map(({ offset }) => offset), [2, 3]);
  const { subscribe: lost } = await from({ epoch: 'x' });
  assert.deepEqual([lost.offset, lost.was_recovering], [3, true]);
  assert.deepEqual([lost.recovered, lost.publications], [undefined, undefined]);
  const strict = await from({ epoch: 'x', flag: 2 });
  assert.deepEqual(strict.error, { code: 112, message: 'unrecoverable position' });
});

test('where names may be compacted a push carries a number', async () => {
  const channel = unique('compact');
  const l = await line();
  const { subscribe } = await l.ask({ id: 2, subscribe: { channel, flag: 1 } });
  assert.ok(subscribe.id > 0);
  await api('publish', { channel, data: 1 });
  const push = await l.push();
  assert.deepEqual([push.id, push.channel, push.pub.data], [subscribe.id, undefined, 1]);
  const plain = await (await line()).ask({ id: 2, subscribe: { channel: unique('chat'), flag: 1 } });
  assert.equal(plain.subscribe.id, undefined);
});

test('the subprotocol centrifuge-json is echoed, none is none', async () => {
  assert.equal((await dial(openWs, ['centrifuge-json'])).socket.protocol, 'centrifuge-json');
  assert.equal((await dial()).socket.protocol, '');
});

test('a client that asks for Protobuf is told that it is inappropriate', async () => {
  const offered = await dial(openWs, ['centrifuge-protobuf']);
  assert.equal(offered.socket.protocol, 'centrifuge-protobuf');
  assert.equal((await offered.close()).code, 3506);
  const asked = await dial(`${openWs}?format=protobuf`);
  assert.deepEqual(await asked.close(), { code: 3506, reason: 'inappropriate protocol' });
});

test('an unknown query is ignored', async () => {
  const l = await dial(`${openWs}?cf_protocol_version=v2`);
  assert.ok((await l.ask({ id: 1, connect: {} })).connect);
});

test('a foreign origin is refused, our own and none pass', async () => {
  const own = new URL(openWs.replace(/^ws/, 'http')).origin;
  assert.ok(await dial(openWs, [], { origin: own }));
  const status = await new Promise((resolve, reject) => {
    const socket = new WebSocket(openWs, { origin: 'https://evil.example' });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => reject(new Error('opened')));
    socket.on('error', () => {});
  });
  assert.equal(status, 403);
});
