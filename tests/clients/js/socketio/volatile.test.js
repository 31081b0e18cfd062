'use strict';
// What becomes of volatile events whose client cannot take them at once.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { LASTING, within, ownNamespace } = require('./sockets');
const { joined, Poller } = require('./wire');

const IS_ORIGINAL = process.env.TEST_SOCKETIO_ORIGINAL === '1';
const BIG = 2_500_000;
/** More than the buffers of a loopback connection hold. */
const COUNT = 12;

/** How many volatile events were dropped; the original counts none. */
async function dropped() {
  const text = await (await fetch(`${LASTING}/metrics`)).text();
  return Number(text.match(/^callboard_drops_total\{reason="volatile"\} (\d+)$/m)?.[1] ?? 0);
}

/** Fails unless one more was dropped than before. */
async function countsOneMore(before) {
  if (IS_ORIGINAL) return;
  const counted = async () => { while (await dropped() <= before); };
  await within(counted(), 'the count of a dropped event');
}

const emitted = (nsp, id, what) => `42${nsp},${id}["to",${JSON.stringify({ self: true, ...what })}]`;

test('a volatile event is dropped where no poll waits, and the next one that is not arrives', async () => {
  const nsp = ownNamespace();
  const poller = await Poller.join({ nsp });
  const before = IS_ORIGINAL ? 0 : await dropped();
  await poller.push(emitted(nsp, 1, { event: 'lost', volatile: true }));
  await countsOneMore(before);
  // The acknowledgement of the first waits for what it emitted; an event of the second need not wait for it.
  assert.equal(await poller.packet(), `43${nsp},1[]`);
  await poller.push(emitted(nsp, 2, { event: 'kept' }));
  const packets = [await poller.packet(), await poller.packet()];
  assert.deepEqual(packets, [`42${nsp},["kept"]`, `43${nsp},2[]`]);
});

test('a volatile event is dropped where a websocket is behind, and the next one that is not arrives', async () => {
  const nsp = ownNamespace();
  const line = await joined({ nsp });
  const before = IS_ORIGINAL ? 0 : await dropped();
  line.socket.pause();
  for (let count = 0; count < COUNT; count += 1) {
    line.send(emitted(nsp, count, { event: 'big', args: ['x'.repeat(BIG)] }));
  }
  line.send(emitted(nsp, COUNT, { event: 'lost', volatile: true }));
  await countsOneMore(before);
  line.send(emitted(nsp, COUNT + 1, { event: 'kept' }));
  line.socket.resume();
  const names = [];
  while (names.at(-1) !== 'kept') {
    const frame = await line.next();
    if (frame.startsWith('42')) names.push(JSON.parse(frame.slice(frame.indexOf('[')))[0]);
  }
  assert.deepEqual(names, [...Array(COUNT).fill('big'), 'kept']);
});
