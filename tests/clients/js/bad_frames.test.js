'use strict';
// What bad input gets: its code from the contract, on a bare WebSocket.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { unique } = require('./broker');
const { dial, line } = require('./raw');
const tokens = require('./tokens');

const BAD_REQUEST = { code: 3501, reason: 'bad request' };

for (const [name, frame] of [
  ['an empty frame', ''],
  ['a lone newline', '\n'],
  ['junk', 'junk'],
  ['half an object', '{"id":2,"publish":'],
  ['null', 'null'],
  ['a number', '7'],
  ['a list', '[]'],
  // Twice, since a heartbeat may just have asked for one.
  ['an empty object that nobody asked for', '{}\n{}'],
  ['an id alone', '{"id":2}'],
  ['an unknown command', '{"id":2,"dance":{}}'],
  ['an application ping', '{"id":2,"ping":{}}'],
  ['a second connect', '{"id":2,"connect":{}}'],
  ['a text as id', '{"id":"2","presence":{"channel":"chat:x"}}'],
  ['a negative id', '{"id":-2,"presence":{"channel":"chat:x"}}'],
  ['an id over 32 bits', '{"id":4294967296,"presence":{"channel":"chat:x"}}'],
  ['no id on a command that wants an answer', '{"presence":{"channel":"chat:x"}}'],
  ['a text as payload', '{"id":2,"subscribe":"chat:x"}'],
  ['a number as channel', '{"id":2,"subscribe":{"channel":7}}'],
  ['a blank line between commands', '{"id":2,"unsubscribe":{"channel":"x"}}\n\n{"id":3,"unsubscribe":{"channel":"x"}}'],
  ['a raw line break inside a command', '{"id":2,\n"unsubscribe":{"channel":"x"}}'],
  ['no channel to subscribe to', '{"id":2,"subscribe":{}}'],
  ['an empty channel to subscribe to', '{"id":2,"subscribe":{"channel":""}}'],
  ['an empty channel to unsubscribe from', '{"id":2,"unsubscribe":{"channel":""}}'],
  ['an empty channel to publish to', '{"id":2,"publish":{"channel":"","data":1}}'],
  ['data that is no JSON', '{"id":2,"publish":{"channel":"open:x","data":boom}}'],
  ['a refresh without a token', '{"id":2,"refresh":{}}'],
]) {
  test(`${name} is a bad request`, async () => {
    const l = await line();
    l.send(frame);
    assert.deepEqual(await l.close(), BAD_REQUEST);
  });
}

test('invalid UTF-8 inside a command is a bad request', async () => {
  const l = await line();
  const [head, tail] = ['{"id":2,"unsubscribe":{"channel":"', '"}}'].map((text) => Buffer.from(text));
  l.send(Buffer.concat([head, Buffer.from([0xff, 0xfe]), tail]));
  assert.deepEqual(await l.close(), BAD_REQUEST);
});

for (const [name, frame] of [
  ['a subscribe', '{"id":1,"subscribe":{"channel":"chat:x"}}'],
  ['a message', '{"send":{"data":1}}'],
  ['a heartbeat', '{}'],
]) {
  test(`${name} before the connect is a bad request`, async () => {
    const l = await dial();
    l.send(frame);
    assert.deepEqual(await l.close(), BAD_REQUEST);
  });
}

test('a message over 64 KiB closes with 1009, in one piece or in many', async () => {
  const whole = await line();
  whole.send(JSON.stringify({ id: 2, rpc: { method: 'm', data: 'x'.repeat(64 * 1024) } }));
  assert.equal((await whole.close()).code, 1009);

  const pieces = await line();
  pieces.socket.send('{"id":2,"rpc":{"data":"', { fin: false });
  for (let piece = 0; piece < 70; piece += 1) pieces.socket.send('x'.repeat(1024), { fin: false });
  assert.equal((await pieces.close()).code, 1009);
});

for (const [name, command, code] of [
  ['a subscribe to an unknown namespace', { subscribe: { channel: 'nowhere:x' } }, 102],
  ['a name over 255 bytes', { subscribe: { channel: 'n'.repeat(256) } }, 107],
  ['a map subscription on a plain namespace', { subscribe: { channel: 'chat:x', type: 1 } }, 103],
  ['a filter that compares by nothing known', { subscribe: { channel: 'tags:x', tf: { key: 'a', cmp: 'is' } } }, 107],
  ['a publish without data', { publish: { channel: 'open:x' } }, 107],
  ['a publish without the right', { publish: { channel: 'chat:x', data: 1 } }, 103],
  ['a publish to an unknown namespace', { publish: { channel: 'nowhere:x', data: 1 } }, 102],
  ['an rpc that nobody handles', { rpc: { method: 'm', data: {} } }, 108],
  ['a sub_refresh of what is not subscribed', { sub_refresh: { channel: 'tokens:x', token: 'y' } }, 103],
]) {
  test(`${name} is error ${code}, and the connection lives on`, async () => {
    const l = await line();
    assert.equal((await l.ask({ id: 2, ...command })).error.code, code);
    assert.deepEqual((await l.ask({ id: 3, unsubscribe: { channel: 'x' } })).unsubscribe, {});
  });
}

test('a second subscribe is error 105 and leaves the first alone', async () => {
  const channel = unique('chat');
  const l = await line();
  await l.ask({ id: 2, subscribe: { channel } });
  const { error } = await l.ask({ id: 3, subscribe: { channel } });
  assert.deepEqual(error, { code: 105, message: 'already subscribed' });
  await l.ask({ id: 4, publish: { channel, data: 1 } });
  assert.equal((await l.push()).pub.data, 1);
});

test('ten thousand subscribes are answered and stop at the limit', async () => {
  const stem = unique();
  const l = await line();
  for (let id = 2; id < 10_002; id += 100) {
    const ids = Array.from({ length: 100 }, (_, index) => id + index);
    l.send(...ids.map((each) => ({ id: each, subscribe: { channel: `${stem}-${each}` } })));
  }
  const replies = await Promise.all([2, 129, 130, 10_001].map((id) => l.reply(id)));
  assert.deepEqual(replies.map(({ subscribe, error }) => (subscribe ? 'subscribed' : error.code)),
    ['subscribed', 'subscribed', 106, 106]);
});

for (const [name, token, code] of [
  ['expired', tokens.connection('42', { exp: tokens.seconds(-60) }), 109],
  ['not yet valid', tokens.connection('42', { nbf: tokens.seconds(600) }), 109],
]) {
  test(`a connect with a token that is ${name} is error ${code}, after which nothing is answered`, async () => {
    const l = await dial();
    assert.equal((await l.ask({ id: 1, connect: { token } })).error.code, code);
    l.send({ id: 2, connect: {} });
    await l.close();
    assert.deepEqual(l.replies.filter(({ id }) => id), []);
  });
}

test('tokens on refresh: expired closes with 3005, a forged one with 3500', async () => {
  const expired = await line({ token: tokens.connection('42') });
  expired.send({ id: 2, refresh: { token: tokens.connection('42', { exp: tokens.seconds(-60) }) } });
  assert.deepEqual(await expired.close(), { code: 3005, reason: 'connection expired' });
  const forged = await line({ token: tokens.connection('42') });
  forged.send({ id: 2, refresh: { token: 'garbage' } });
  assert.deepEqual(await forged.close(), { code: 3500, reason: 'invalid token' });
});

test('a refresh answers with the time left, or with nothing for a token that stays', async () => {
  const l = await line({ token: tokens.connection('42') });
  const { refresh } = await l.ask({ id: 2, refresh: { token: tokens.connection('42', { exp: tokens.seconds(300) }) } });
  assert.equal(refresh.expires, true);
  assert.ok(refresh.ttl > 295 && refresh.ttl <= 300, `ttl ${refresh.ttl}`);
  assert.deepEqual((await l.ask({ id: 3, refresh: { token: tokens.sign({ sub: '42' }) } })).refresh, {});
});

test('others do not notice', async () => {
  const channel = unique('chat');
  const good = await line();
  await good.ask({ id: 2, subscribe: { channel } });
  const bad = await line();
  await bad.ask({ id: 2, subscribe: { channel } });
  bad.send('junk');
  await bad.close();
  await good.ask({ id: 3, publish: { channel, data: 1 } });
  assert.equal((await good.push()).pub.data, 1);
});
