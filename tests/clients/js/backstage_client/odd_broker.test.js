'use strict';
// A client whose broker does what brokers should not: it is silent, says too much or what makes no sense, or closes.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const net = require('node:net');
const { backend, ends, hearing, journal, until } = require('./package');
const { played } = require('./played');
const { untilStill } = require('../backstage/brokers');

/** Waits until a warning has this in it. */
const warned = (logger, text) => until(
  `it is logged: ${text}`,
  () => logger.lines.some((line) => line.startsWith('warn') && line.includes(text)),
);

test('one that accepts and never answers is given up after the patience', async () => {
  const server = net.createServer(() => {});
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  ends.push(() => server.close());
  const logger = journal();
  const base = `http://127.0.0.1:${server.address().port}`;
  const client = await backend('catalog', { base, isConnected: false, logger, options: { patience: 200 } });
  await client.connect();
  await warned(logger, 'no answer within 200 ms');
  await client.disconnect();
});

test('a client that disconnects while its broker still has to answer leaves nothing behind', async () => {
  let [came, left] = [0, 0];
  const server = net.createServer((socket) => {
    came += 1;
    socket.on('error', () => {}).on('close', () => { left += 1; }).resume();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  ends.push(() => server.close());
  const client = await backend('catalog', { base: `http://127.0.0.1:${server.address().port}`, isConnected: false });
  await client.connect();
  await client.disconnect();
  await client.connect();
  await until('it has come', () => came > 0);
  await client.disconnect();
  await until('it has left', () => left === came);
  assert.equal(client.isConnected, false);
});

test('one that is silent is left, and pings are enough to stay', async () => {
  const { base, sockets } = await played((socket, number) => {
    if (number === 1) return;
    const pings = setInterval(() => socket.ping(), 50);
    socket.on('close', () => clearInterval(pings));
  });
  const logger = journal();
  const client = await backend('catalog', { base, logger, options: { silence: 1_000 } });
  await warned(logger, 'the broker was silent for 1000 ms');
  await until('it is back', () => sockets.length === 2 && client.isConnected);
  const lines = logger.lines.length;
  let pongs = 0;
  sockets[1].on('pong', () => { pongs += 1; });
  await until('it was not left for longer than it bears silence', () => pongs >= 30);
  assert.deepEqual([client.isConnected, sockets.length, logger.lines.length], [true, 2, lines]);
});

test('what is no frame of the wire is logged and counted, and what comes behind it is heard', async () => {
  const said = [
    'no JSON', '5', '{"command":"publish"}', Buffer.from('{}'), '{"command":"later"}',
    '{"command":"publish","pluginId":"catalog","data":[1]}',
  ];
  const { base } = await played((socket) => socket.on('message', (text) => {
    if (text.includes('subscribe')) said.forEach((message) => socket.send(message));
  }));
  const logger = journal();
  const { heard, hear } = hearing();
  const client = await backend('scaffolder', { base, logger });
  await client.subscribe('catalog', hear);
  await until('it hears', () => heard.length === 1);
  assert.deepEqual([heard, client.counts.unreadable], [[[1]], 4]);
  await warned(logger, 'a binary message');
});

test('a message over the bound ends the connection, and the client comes back', async () => {
  const { base, sockets } = await played((socket, number) => { if (number === 1) socket.send('x'.repeat(1_001)); });
  const logger = journal();
  const client = await backend('scaffolder', { base, isConnected: false, logger, options: { maxMessage: 1_000 } });
  await client.connect();
  await warned(logger, 'Max payload size exceeded');
  await until('it is back', () => sockets.length === 2 && client.isConnected);
});

for (const code of [1001, 1012, 3010, 4401]) {
  test(`a close with ${code} brings the client back, which says why it was closed`, async () => {
    const { base, sockets } = await played((socket, number) => { if (number === 1) socket.close(code, 'because'); });
    const logger = journal();
    const client = await backend('scaffolder', { base, isConnected: false, logger });
    await client.connect();
    await warned(logger, `the connection was closed: "because" (${code})`);
    await until('it is back', () => sockets.length === 2 && client.isConnected);
  });
}

test('one that reads nothing gets a bounded part of what is published, and disconnect does not wait for it', async () => {
  const { base, sockets } = await played((socket) => socket.pause());
  const client = await backend('catalog', { base, options: { keptPublishes: 10_000, keptBytes: 1e9 } });
  const data = 'x'.repeat(60_000);
  for (let n = 0; n < 500; n += 1) await client.publish(data);
  const flushed = assert.rejects(client.flush(), /removed by disconnect/);
  await until('the socket is full', () => client.counts.kept > 0 && sockets.length === 1);
  await client.disconnect();
  await flushed;
  assert.deepEqual([client.isConnected, client.counts.kept], [false, 0]);
});

test('a broker that reads nothing for a while is then told of the subscriptions that there are, and not of those that came and went', async () => {
  const said = [];
  const { base, sockets } = await played((socket) => {
    socket.pause();
    socket.on('message', (text) => {
      const { command, topic } = JSON.parse(text);
      if (command !== 'publish') said.push([command, topic]);
    });
  });
  const client = await backend('catalog', { base, options: { keptPublishes: 10_000, keptBytes: 1e9 } });
  const data = 'x'.repeat(60_000);
  for (let n = 0; n < 500; n += 1) await client.publish(data);
  assert.ok(await untilStill('no more is taken', () => client.counts.kept) > 0);
  for (let n = 0; n < 1_000; n += 1) {
    await client.subscribe('scaffolder', () => {}, `t${n}`);
    await client.unsubscribe('scaffolder', `t${n}`);
  }
  await client.subscribe('scaffolder', () => {}, 'last');
  sockets[0].resume();
  await until('it is told', () => said.length > 1);
  assert.deepEqual(said, [['register', undefined], ['subscribe', 'last']]);
});
