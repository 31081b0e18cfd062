'use strict';
// From polling to the websocket, step by step, and everything that may go wrong on the way.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { connected, ask, ownNamespace, unique } = require('./sockets');
const { Poller, dial, code, request, join } = require('./wire');

/** A second transport for a session that polls, not probed yet. */
const candidate = (poller) => dial({ sid: poller.handshake.sid }, { base: poller.base });

/** A candidate that was probed. */
async function probed(poller) {
  const line = await candidate(poller);
  line.send('2probe');
  assert.equal(await line.next(), '3probe');
  return line;
}

/** A session that polled and is on its websocket now. */
async function upgraded(poller) {
  const line = await probed(poller);
  line.send('5');
  await line.alive();
  return line;
}

test('a session goes over to the websocket and works on', async () => {
  const poller = await Poller.join();
  const line = await upgraded(poller);
  line.send('42["message",1]');
  assert.equal(await line.next(), '42["message-back",1]');
});

test('a session may go over before it joined a namespace', async () => {
  const poller = await Poller.open();
  const line = await probed(poller);
  line.send('5');
  await join(line);
  await line.alive();
});

test('a session on its websocket takes no more polls, and is not harmed by them', async () => {
  const poller = await Poller.join();
  const line = await upgraded(poller);
  assert.deepEqual(await code(poller.poll()), [400, 3]);
  assert.deepEqual(await code(poller.post('42["message",1]')), [400, 3]);
  await line.alive();
});

test('a poll that waits while a websocket is probed is answered with a noop', async () => {
  const poller = await Poller.join();
  const waiting = poller.poll();
  // The answer to this shows that the poll before it is there.
  await poller.push('42["data-set",1]');
  const line = await probed(poller);
  assert.equal((await waiting).body, '6');
  line.send('5');
  await line.alive();
});

test('a poll that comes after the probe is answered with a noop', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  assert.equal((await poller.poll()).body, '6');
  line.send('5');
  await line.alive();
});

test('a payload that is posted between the probe and the upgrade counts', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  await poller.push('42["message","between"]');
  line.send('5');
  assert.equal(await line.next(), '42["message-back","between"]');
  await line.alive();
});

test('what waits while nobody polls comes over the websocket, in order', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  for (const number of [1, 2, 3]) await poller.push(`42["message",${number}]`);
  line.send('5', '42["message",4]');
  assert.deepEqual(await line.take(4), [1, 2, 3, 4].map((number) => `42["message-back",${number}]`));
});

test('nothing is lost or doubled on the way, whatever is sent meanwhile', async () => {
  const nsp = ownNamespace();
  const speaker = await connected({ nsp, transports: ['websocket'] });
  for (let round = 0; round < 10; round += 1) {
    const poller = await Poller.join({ nsp });
    const seen = [];
    const keep = (packets) => seen.push(...packets.filter((packet) => packet.startsWith(`42${nsp},["n"`)));
    let sent = 0;
    const speak = async () => {
      for (let count = 0; count < 5; count += 1) await ask(speaker, 'to', { event: 'n', args: [sent++] });
    };
    const waiting = poller.poll();
    await speak();
    keep((await waiting).body.split('\x1e'));
    const line = await candidate(poller);
    const speaking = speak();
    line.send('2probe');
    assert.equal(await line.next(), '3probe');
    keep((await poller.poll()).body.split('\x1e'));
    line.send('5');
    await Promise.all([speaking, speak()]);
    while (seen.length < sent) keep([String(await line.next())]);
    assert.deepEqual(seen, Array.from({ length: sent }, (_, number) => `42${nsp},["n",${number}]`));
    line.send('1');
    line.socket.terminate();
  }
});

test('a websocket that says upgrade without a probe is taken', async () => {
  const poller = await Poller.join();
  const line = await candidate(poller);
  line.send('5');
  await line.alive();
});

for (const [name, frame] of [
  ['a message', '42["message",1]'],
  ['a ping without a probe', '2'],
  ['a pong', '3'],
  ['a close', '1'],
  ['nonsense', 'abc'],
  ['binary', Buffer.from([1])],
  ['nothing', ''],
]) {
  test(`a websocket that begins with ${name} is closed, and the session polls on`, async () => {
    const poller = await Poller.join();
    const line = await candidate(poller);
    line.send(frame);
    await line.close();
    await poller.alive();
  });
}

test('a websocket that breaks off before the probe leaves the session alone', async () => {
  const poller = await Poller.join();
  const line = await candidate(poller);
  line.socket.terminate();
  await poller.alive();
});

test('a websocket that breaks off after the probe leaves the session alone, which may try again', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  line.socket.terminate();
  await line.closed;
  for (;;) {
    // The server learns of it a little later, and closes a second candidate until it did.
    const again = await candidate(poller);
    again.send('2probe');
    if (await again.next().catch(() => undefined) !== '3probe') continue;
    again.send('5');
    await again.alive();
    return;
  }
});

test('a second websocket while one is probed is closed, and the first goes on', async () => {
  const poller = await Poller.join();
  const first = await probed(poller);
  const second = await candidate(poller);
  await second.close();
  first.send('5');
  await first.alive();
});

test('a second websocket after the upgrade is closed, and the first goes on', async () => {
  const poller = await Poller.join();
  const first = await upgraded(poller);
  const second = await candidate(poller);
  await second.close();
  await first.alive();
});

test('a session that ends while a websocket is probed takes it along', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  await poller.push('1');
  await line.close();
  await poller.gone();
});

test('a session that the server ends while a websocket is probed takes it along', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  await poller.push('42["disconnect-me",true]');
  for (;;) {
    const { status } = await poller.poll();
    if (status !== 200) break;
  }
  await line.close();
});

test('a websocket that ends after the upgrade ends the session, and others learn why', async () => {
  const [nsp, name] = [ownNamespace(), unique()];
  const watcher = await connected({ nsp });
  await ask(watcher, 'join', [`watch-${name}`]);
  const poller = await Poller.join({ nsp, auth: { name } });
  const line = await probed(poller);
  line.send('5');
  await line.alive(`${nsp},`);
  line.socket.terminate();
  assert.deepEqual(await watcher.log.next('left'), [name, 'transport close']);
  assert.deepEqual(await code(request(poller.query)), [400, 1]);
});

test('binary that was announced by polling may come over the websocket', async () => {
  const poller = await Poller.join();
  const line = await probed(poller);
  await poller.push('451-["message",{"_placeholder":true,"num":0}]');
  line.send('5', Buffer.from([7]));
  assert.deepEqual(await line.take(2), ['451-["message-back",{"_placeholder":true,"num":0}]', Buffer.from([7])]);
});
