'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { OPEN, OTHER, api, unique } = require('./broker');
const { Cable } = require('./cable');
const { connected, inbox, subscribed, refusal, data } = require('./sdk');

/** A subscriber whose connection the test can cut; it comes back to the other node, where there are two. */
async function onCable(channel, options) {
  const cable = await Cable.lay(OPEN, OTHER);
  const c = await connected({}, cable.ws);
  return { c, cable, ...await subscribed(c, channel, options) };
}

/** Publishes the numbers from `first` to `last` over the API. */
async function publish(channel, first, last) {
  for (let number = first; number <= last; number += 1) await api('publish', { channel, data: number });
}

/** Cuts the cable, does something while the client is away, and waits until it is subscribed again. */
async function whileAway({ c, cable, subscribed: told }, act) {
  const connecting = inbox(c, 'connecting');
  cable.cut();
  await connecting.next();
  await act();
  cable.mend();
  return told.next();
}

test('a client cut off gets exactly what it missed, then what comes live', async () => {
  const channel = unique('chat');
  const session = await onCable(channel);
  await publish(channel, 1, 2);
  assert.deepEqual(data(await session.publications.take(2)), [1, 2]);
  const ctx = await whileAway(session, () => publish(channel, 3, 7));
  assert.equal(ctx.wasRecovering, true);
  assert.equal(ctx.recovered, true);
  assert.equal(ctx.hasRecoveredPublications, true);
  await publish(channel, 8, 8);
  const got = await session.publications.take(6);
  assert.deepEqual(data(got), [3, 4, 5, 6, 7, 8]);
  assert.deepEqual(got.map(({ offset }) => offset), [3, 4, 5, 6, 7, 8]);
});

test('rounds of being cut off bring each publication once', async () => {
  const channel = unique('chat');
  const session = await onCable(channel);
  for (const [first, last] of [[1, 2], [3, 4], [5, 6]]) {
    const ctx = await whileAway(session, () => publish(channel, first, last));
    assert.equal(ctx.recovered, true);
    assert.deepEqual(data(await session.publications.take(2)), [first, last]);
  }
  await publish(channel, 7, 7);
  assert.deepEqual(data(await session.publications.take(1)), [7]);
});

test('a client that missed nothing recovers nothing', async () => {
  const channel = unique('chat');
  const session = await onCable(channel);
  await publish(channel, 1, 1);
  await session.publications.next();
  const ctx = await whileAway(session, async () => {});
  assert.equal(ctx.recovered, true);
  assert.equal(ctx.hasRecoveredPublications, false);
  await publish(channel, 2, 2);
  assert.equal((await session.publications.next()).data, 2);
});

test('recovery meets live publishing without gap or copy', async () => {
  const channel = unique('chat');
  const session = await onCable(channel);
  let number = 0;
  let running = true;
  const stream = (async () => {
    while (running && number < 90) {
      number += 1;
      await publish(channel, number, number);
    }
  })();
  await session.publications.take(5);
  for (let round = 0; round < 3; round += 1) assert.equal((await whileAway(session, async () => {})).recovered, true);
  running = false;
  await stream;
  const got = data(await session.publications.take(number - 5));
  assert.deepEqual(got, Array.from({ length: number - 5 }, (_, index) => index + 6));
});

test('after an unsubscribe the next subscribe brings what came between', async () => {
  const channel = unique('chat');
  const { sub, subscribed: told, publications } = await subscribed(await connected(), channel);
  const gone = inbox(sub, 'unsubscribed');
  sub.unsubscribe();
  await gone.next();
  await publish(channel, 1, 3);
  sub.subscribe();
  assert.equal((await told.next()).recovered, true);
  assert.deepEqual(data(await publications.take(3)), [1, 2, 3]);
});

test('who missed more than is kept is told so, and hears what comes live', async () => {
  const channel = unique('small');
  const session = await onCable(channel);
  await publish(channel, 1, 1);
  await session.publications.next();
  const ctx = await whileAway(session, () => publish(channel, 2, 6));
  assert.equal(ctx.wasRecovering, true);
  assert.equal(ctx.recovered, false);
  assert.equal(ctx.streamPosition.offset, 6);
  await publish(channel, 7, 7);
  assert.equal((await session.publications.next()).data, 7);
});

test('who missed just what is kept recovers it', async () => {
  const channel = unique('small');
  const session = await onCable(channel);
  await publish(channel, 1, 1);
  await session.publications.next();
  const ctx = await whileAway(session, () => publish(channel, 2, 3));
  assert.equal(ctx.recovered, true);
  assert.deepEqual(data(await session.publications.take(2)), [2, 3]);
});

test('removed history cannot be recovered', async () => {
  const channel = unique('chat');
  const session = await onCable(channel);
  await publish(channel, 1, 1);
  await session.publications.next();
  const ctx = await whileAway(session, async () => {
    await publish(channel, 2, 2);
    await api('history_remove', { channel });
  });
  assert.equal(ctx.wasRecovering, true);
  assert.equal(ctx.recovered, false);
});

test('a position of another epoch or ahead of the top is not recovered', async () => {
  const channel = unique('chat');
  await publish(channel, 1, 2);
  const { epoch } = await api('history', { channel });
  const c = await connected();
  for (const since of [{ offset: 1, epoch: 'another' }, { offset: 3, epoch }]) {
    const { sub, ctx } = await subscribed(c, channel, { since });
    assert.equal(ctx.wasRecovering, true);
    assert.equal(ctx.recovered, false);
    assert.equal(ctx.streamPosition.offset, 2);
    sub.unsubscribe();
    c.removeSubscription(sub);
  }
});

test('a known position is where a first subscribe recovers from', async () => {
  const channel = unique('asked');
  await publish(channel, 1, 3);
  const { epoch } = await api('history', { channel });
  const { ctx, publications } = await subscribed(await connected(), channel, { since: { offset: 1, epoch } });
  assert.equal(ctx.recovered, true);
  assert.deepEqual(data(await publications.take(2)), [2, 3]);
});

test('offset 0 and no epoch recover from the start', async () => {
  const channel = unique('chat');
  await publish(channel, 1, 2);
  const c = await connected();
  const full = await subscribed(c, channel, { since: { offset: 0, epoch: '' } });
  assert.equal(full.ctx.recovered, true);
  assert.deepEqual(data(await full.publications.take(2)), [1, 2]);
  const empty = await subscribed(c, unique('chat'), { since: { offset: 0, epoch: '' } });
  assert.equal(empty.ctx.recovered, true);
});

test('a client that loads its state is sent to load it again when its position is lost', async () => {
  const channel = unique('small');
  let loads = 0;
  const session = await onCable(channel, {
    getState: async () => {
      loads += 1;
      const { offset = 0, epoch } = await api('history', { channel, limit: 0 });
      return { offset, epoch };
    },
  });
  assert.equal(loads, 1);
  await publish(channel, 1, 1);
  await session.publications.next();
  await whileAway(session, () => publish(channel, 2, 6));
  assert.equal(loads, 2);
  await publish(channel, 7, 7);
  assert.equal((await session.publications.next()).data, 7);
});

test('a client that loads its state keeps it while its position holds', async () => {
  const channel = unique('chat');
  let loads = 0;
  const session = await onCable(channel, {
    getState: async () => {
      loads += 1;
      return { offset: 0, epoch: '' };
    },
  });
  const ctx = await whileAway(session, () => publish(channel, 1, 2));
  assert.equal(ctx.recovered, true);
  assert.equal(loads, 1);
  assert.deepEqual(data(await session.publications.take(2)), [1, 2]);
});

test('the epoch stays while the stream lives', async () => {
  const channel = unique('chat');
  const { ctx } = await subscribed(await connected(), channel);
  await publish(channel, 1, 1);
  assert.equal((await api('history', { channel })).epoch, ctx.streamPosition.epoch);
  assert.equal(await refusal(await connected(), 'nowhere:news', { since: { offset: 1, epoch: 'e' } }), 102);
});
