'use strict';
// Golden frames: what goes over the wire, to the byte.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { LASTING, BRISK, RECOVERY, ours } = require('./sockets');
const { opened, joined, join, dial, request, Poller } = require('./wire');

test('the open packet has these fields in this order', async () => {
  const open = (names) => new RegExp(
    `^0\\{"sid":"[\\w-]{20}","upgrades":\\[${names}\\],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000\\}$`,
  );
  const line = await dial({}, { base: BRISK });
  assert.match(await line.next(), open(''));
  const { body } = await request({ transport: 'polling' }, { base: BRISK });
  assert.match(body, open('"websocket"'));
  const { handshake } = await opened();
  assert.deepEqual([handshake.pingInterval, handshake.pingTimeout, handshake.maxPayload], [25000, 20000, 3000000]);
});

test('the CONNECT reply has an id and nothing else', async () => {
  const line = await opened();
  line.send('40');
  assert.match(await line.next(), /^40\{"sid":"[\w-]{20,36}"\}$/);
  assert.equal(await line.next(), '42["auth",{}]');
});

test('the CONNECT reply has a private id too where there is recovery', async () => {
  const line = await opened({ base: RECOVERY });
  line.send('40');
  assert.match(await line.next(), /^40\{"sid":"[\w-]{20,36}","pid":"[^"]+"\}$/);
  assert.match(await line.next(), /^42\["auth",\{\},"[^"]+"\]$/);
});

for (const [name, sent, ...got] of [
  ['an event and an event back', '42["message",1]', '42["message-back",1]'],
  ['an event without arguments', '42["message"]', '42["message-back"]'],
  ['an event with text as it is', '42["message","é\u2028😀\\u0000\\n"]',
    '42["message-back","é\u2028😀\\u0000\\n"]'],
  ['an object in its order', '42["message",{"b":1,"a":{"__proto__":[]}}]',
    '42["message-back",{"b":1,"a":{"__proto__":[]}}]'],
  ['an acknowledgement', '4212["message-with-ack","x",{"two":2}]', '4312["x",{"two":2}]'],
  ['an acknowledgement without arguments', '425["message-with-ack"]', '435[]'],
  ['acknowledgement number zero', '420["message-with-ack",1]', '430[1]'],
  ['a number with zeros before it', '42007["message-with-ack",1]', '437[1]'],
  ['a large number', '424294967296["message-with-ack",1]', '434294967296[1]'],
  ['a placeholder in an event without binary', '42["message",{"_placeholder":true,"num":0}]',
    '42["message-back",{"_placeholder":true,"num":0}]'],
  ['binary', ['451-["message",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])],
    '451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])],
  ['empty binary', ['451-["message",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
    '451-["message-back",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
  ['binary in base64, as text', ['451-["message",{"_placeholder":true,"num":0}]', 'bAQID'],
    '451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])],
  ['binary that wants an acknowledgement',
    ['451-13["message-with-ack",{"_placeholder":true,"num":0}]', Buffer.from('x')],
    '461-13[{"_placeholder":true,"num":0}]', Buffer.from('x')],
  ['binary that is declared and not used', ['451-["message",1]', Buffer.from('x')], '42["message-back",1]'],
  ['binary of which not all is used',
    ['452-["message",{"_placeholder":true,"num":1}]', Buffer.from('x'), Buffer.from('y')],
    '451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from('y')],
  ['half a surrogate pair', '42["message","\\ud800"]', '42["message-back","\\ud800"]'],
  ['half a surrogate pair beside binary',
    ['451-["message",{"_placeholder":true,"num":0},"\\ud800"]', Buffer.from('x')],
    '451-["message-back",{"_placeholder":true,"num":0},"\\ud800"]', Buffer.from('x')],
  ['two packets in one go', ['42["message",1]', '423["message-with-ack"]'], '42["message-back",1]', '433[]'],
]) {
  test(`${name} goes over the wire to the byte`, async () => {
    const line = await joined();
    line.send(...[sent].flat());
    assert.deepEqual(await line.take(got.length), got);
    await line.alive();
  });
}

// What the original takes apart and numbers anew is passed on here as it came; to a client it is the same.
for (const [name, args, attachments] of [
  ['binary deep inside', '{"a":{"b":[{"_placeholder":true,"num":1},{"c":{"_placeholder":true,"num":0}}]}}]', ['zero', 'one']],
  ['binary used twice', '{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', ['x']],
]) {
  ours(`${name} comes back as it was sent`, async () => {
    const line = await joined();
    const bytes = attachments.map((text) => Buffer.from(text));
    line.send(`45${bytes.length}-["message",${args}`, ...bytes);
    assert.deepEqual(await line.take(1 + bytes.length), [`45${bytes.length}-["message-back",${args}`, ...bytes]);
    await line.alive();
  });
}

test('frames of another namespace carry its name', async () => {
  const line = await joined({ nsp: '/custom', auth: { a: 1 } });
  line.send('42/custom,["message",1]', '42/custom,7["message-with-ack"]');
  assert.deepEqual(await line.take(2), ['42/custom,["message-back",1]', '43/custom,7[]']);
  line.send('451-/custom,8["message-with-ack",{"_placeholder":true,"num":0}]', Buffer.from('x'));
  assert.deepEqual(await line.take(2), ['461-/custom,8[{"_placeholder":true,"num":0}]', Buffer.from('x')]);
  await line.alive('/custom,');
});

test('a CONNECT may leave out the comma', async () => {
  const line = await opened();
  line.send('40/custom');
  assert.match(await line.next(), /^40\/custom,\{"sid":"[\w-]{20,36}"\}$/);
});

test('a question of the server has a number of its own, and goes on when it is answered', async () => {
  const line = await joined({ nsp: `/room-frames-${process.pid}` });
  const nsp = `/room-frames-${process.pid},`;
  // The original counts from zero in each namespace; a client only gives back what it was given.
  const asked = async (word) => {
    const [, number, rest] = (await line.next()).match(/^42[^,]+,(\d+)(.*)$/);
    assert.equal(rest, word);
    return Number(number);
  };
  const numbers = [];
  for (let time = 0; time < 2; time += 1) {
    line.send(`42${nsp}["ask-me",{"event":"q","args":[5],"timeout":30}]`);
    numbers.push(await asked('["q",5]'));
  }
  assert.ok(numbers[1] > numbers[0]);
  line.send(`42${nsp}9["ask-me",{"event":"q","args":[6],"timeout":10000}]`);
  const last = await asked('["q",6]');
  line.send(`43${nsp}${last}["answer",null]`);
  assert.equal(await line.next(), `43${nsp}9[{"answers":["answer",null],"error":false}]`);
});

test('refusals are CONNECT_ERROR, and leave the connection open', async () => {
  const line = await opened();
  line.send('40{"deny":true}');
  assert.equal(await line.next(), '44{"message":"no","data":{"c":1}}');
  line.send('40/custom,{"deny":1}');
  assert.equal(await line.next(), '44/custom,{"message":"no","data":{"c":1}}');
  line.send('40/random');
  assert.equal(await line.next(), '44/random,{"message":"Invalid namespace"}');
  line.send('40/custom?tok=1,');
  assert.equal(await line.next(), '44/custom?tok=1,{"message":"Invalid namespace"}');
  await join(line);
  await line.alive();
});

test('a disconnect of the server is one packet', async () => {
  const line = await joined();
  line.send('42["disconnect-me",false]');
  assert.equal(await line.next(), '41');
  await join(line, '/custom');
  line.send('42/custom,["disconnect-me",false]');
  assert.equal(await line.next(), '41/custom,');
  await join(line);
});

test('a disconnect of the whole connection is one packet for each namespace, and a close', async () => {
  const line = await joined();
  await join(line, '/custom');
  line.send('42["disconnect-me",true]');
  assert.deepEqual((await line.take(2)).sort(), ['41', '41/custom,']);
  assert.equal(await line.close(), 1005);
});

test('polling joins packets with a separator, and binary is base64', async () => {
  const poller = await Poller.join();
  const all = (event, last) => [`42["${event}",1]`, `451-["${event}",{"_placeholder":true,"num":0}]`, 'bAQID', last];
  await poller.push(all('message', '421["message-with-ack"]').join('\x1e'));
  const got = [];
  while (got.length < 4) got.push(await poller.packet());
  assert.deepEqual(got, all('message-back', '431[]'));
});

test('the private id of an engine is no id of a socket', async () => {
  const poller = await Poller.join({ base: LASTING });
  assert.notEqual(poller.sid, poller.handshake.sid);
});
