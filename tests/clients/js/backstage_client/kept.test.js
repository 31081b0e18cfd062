'use strict';
// Events that are kept for users about to connect. The broker keeps them for some minutes.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { backend, hearing, ownTopic, until, untilListening } = require('./package');

test('an event that was kept reaches who subscribes later, marked, and what is live is not', async () => {
  const topic = ownTopic();
  const catalog = await backend('catalog');
  await catalog.publish({ n: 1 }, { topic, keep: true });
  await catalog.publish({ n: 2 }, { topic, keep: false });
  await catalog.publish({ n: 3 }, { topic, keep: true });
  // The socket has taken them, and the commands of a connection are done in their order.
  await catalog.flush();
  const behind = ownTopic();
  await catalog.subscribe('catalog', () => {}, behind);
  await untilListening(behind);
  const scaffolder = await backend('scaffolder');
  const heard = [];
  await scaffolder.subscribe('catalog', ({ n }, { replayed }) => heard.push([n, replayed]), topic);
  await until('both are there', () => heard.length === 2);
  await catalog.publish({ n: 4 }, { topic, keep: true });
  await until('the live one is there', () => heard.length === 3);
  assert.deepEqual(heard, [[1, true], [3, true], [4, false]]);
  // Another connection of the plugin gets none of them again.
  const twin = await backend('scaffolder');
  const again = hearing();
  await twin.subscribe('catalog', again.hear, topic);
  await untilListening(topic, 2);
  await catalog.publish({ n: 5 }, { topic });
  await until('what is live is there', () => again.heard.length > 0);
  assert.deepEqual(again.heard, [{ n: 5 }]);
  await assert.rejects(catalog.publish(1, { topic, keep: '10s' }), /keep is neither true nor false/);
});
