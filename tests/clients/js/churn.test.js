'use strict';
// Clients that come, go and change their mind quickly.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { OPEN, OTHER, unique } = require('./broker');
const { Cable } = require('./cable');
const { client, connected, inbox, subscribed, eventually, data } = require('./sdk');

test('a hundred subscribers come while a thousand publications go', async () => {
  const channel = unique('open');
  const author = await connected();
  const publishing = (async () => {
    for (let round = 0; round < 100; round += 1) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => author.publish(channel, round * 10 + index)));
    }
  })();
  const listeners = await Promise.all(Array.from({ length: 100 }, async () => {
    const c = await connected();
    return subscribed(c, channel);
  }));
  await publishing;
  for (const { publications } of listeners) {
    await eventually(() => publications.items.at(-1)?.data ?? 999, (last) => last === 999);
    const got = data(publications.items);
    assert.deepEqual(got, got.length ? Array.from({ length: got.length }, (_, index) => got[0] + index) : []);
  }
});

test('a client cut off twenty-five times comes back each time, subscribed', async () => {
  const cable = await Cable.lay(OPEN, OTHER);
  const c = await connected({}, cable.ws);
  const { subscribed: told, sub, publications } = await subscribed(c, unique('chat'));
  for (let round = 0; round < 25; round += 1) {
    cable.cut();
    cable.mend();
    assert.equal((await told.next()).recovered, true);
  }
  await sub.publish('still here');
  assert.equal((await publications.next()).data, 'still here');
});

test('clients that vanish leave nobody behind in presence', async () => {
  const cable = await Cable.lay(OPEN, OTHER);
  const channel = unique('open');
  const watcher = await connected();
  await Promise.all(Array.from({ length: 20 }, async () => {
    const c = await connected({}, cable.ws);
    await subscribed(c, channel);
  }));
  assert.equal((await watcher.presenceStats(channel)).numClients, 20);
  cable.cut();
  await eventually(() => watcher.presenceStats(channel), ({ numClients }) => numClients === 0);
});

test('unsubscribing between the connect command and its reply, then subscribing again', async () => {
  const c = client();
  const sub = c.newSubscription(unique('chat'));
  const told = inbox(sub, 'subscribed');
  c.on('__centrifuge_debug:connect_frame_sent', () => sub.unsubscribe());
  sub.subscribe();
  c.connect();
  await c.ready(5000);
  sub.subscribe();
  await told.next();
  await sub.presence();
});

test('disconnecting and connecting with a subscribe under way', async () => {
  const c = await connected();
  const { sub, subscribed: told } = await subscribed(c, unique('open'));
  c.disconnect();
  c.connect();
  sub.unsubscribe();
  sub.subscribe();
  await told.next();
  assert.equal((await sub.presenceStats()).numClients, 1);
});

test('a device that goes offline and online again is connected again', async () => {
  const network = new EventTarget();
  const c = await connected({ networkEventTarget: network });
  const connecting = inbox(c, 'connecting');
  network.dispatchEvent(new Event('offline'));
  await connecting.next();
  network.dispatchEvent(new Event('online'));
  await c.ready(5000);
});
