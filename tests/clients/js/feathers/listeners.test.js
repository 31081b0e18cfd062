'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { client, heard, unique } = require('./apps');

/** A client, and a function that creates a message with this text. */
async function writing() {
  const app = await client();
  const run = unique();
  return { app, run, messages: app.service('messages'), write: (text) => app.service('messages').create({ run, text }) };
}

test('a listener hears until it is removed, and one that was added twice hears twice', async () => {
  const { app, run, messages, write } = await writing();
  const texts = [];
  const listener = (data) => data.run === run && texts.push(data.text);
  messages.on('created', listener);
  messages.on('created', listener);
  await write('a');
  messages.removeListener('created', listener);
  await write('b');
  messages.off('created', listener);
  await write('c');
  await heard(run, app);
  assert.deepEqual(texts, ['a', 'a', 'b']);
});

test('a listener for once hears once, and all of them go at once', async () => {
  const { app, run, messages, write } = await writing();
  const texts = [];
  // Other tests write too: whose event comes first is not known, but of each there is one.
  messages.once('created', () => texts.push('once'));
  messages.on('created', (data) => data.run === run && texts.push(data.text));
  await write('a');
  await write('b');
  await heard(run, app);
  messages.removeAllListeners('created');
  await write('c');
  await heard(run, app);
  assert.deepEqual(texts.filter((text) => text !== 'once'), ['a', 'b']);
  assert.equal(texts.filter((text) => text === 'once').length, 1);
});

test('a listener of one event and service hears no other', async () => {
  const { app, run, messages, write } = await writing();
  const events = [];
  for (const [service, event] of [['messages', 'created'], ['messages', 'removed'], ['notes', 'created']]) {
    app.service(service).on(event, (data) => data.run === run && events.push(`${service} ${event}`));
  }
  const { id } = await write('a');
  await messages.patch(id, { text: 'b' });
  await app.service('notes').create({ run });
  await heard(run, app);
  assert.deepEqual(events, ['messages created', 'notes created']);
});

test('a listener inside the process hears what clients write, with the call that it comes from', async () => {
  const { app, run, write } = await writing();
  const listening = app.service('heard');
  await listening.create({ service: 'messages', event: 'created', run });
  await listening.create({ service: 'payments', event: 'audit', run });
  await write('a');
  await app.service('messages').create([{ run, text: 'b' }, { run, text: 'c' }]);
  await app.service('payments').create({ run, amount: 1 });
  const call = { method: 'create', path: 'messages' };
  assert.deepEqual(await listening.get(run), [
    { text: 'a', ...call }, { text: 'b', ...call }, { text: 'c', ...call }, { text: null, method: null, path: null },
  ]);
});

test('inside the process two listeners hear each, and one is removed at a time', async () => {
  const { app, run, write } = await writing();
  const listening = app.service('heard');
  const texts = async () => (await listening.get(run)).map(({ text }) => text);
  for (let times = 0; times < 2; times += 1) await listening.create({ service: 'messages', event: 'created', run });
  await write('a');
  assert.deepEqual(await texts(), ['a', 'a']);
  await listening.remove(run);
  await write('b');
  assert.deepEqual(await texts(), ['a', 'a', 'b']);
});

test('inside the process a listener for once hears once', async () => {
  const app = await client();
  const run = unique();
  // No other test writes to this service here: its event would be the one that is heard.
  const [service, event] = ['ranked-below', 'created'];
  await app.service('heard').create({ service, event, run, once: true });
  for (const text of ['a', 'b']) await app.service(service).create({ run, text });
  assert.deepEqual((await app.service('heard').get(run)).map(({ text }) => text), ['a']);
});
