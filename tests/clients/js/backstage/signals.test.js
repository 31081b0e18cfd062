'use strict';
// The unmodified SignalClient of @backstage/plugin-signals.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, hearing, signalClient, until, untilSubscribed, userToken } = require('./broker');

const signal = (channel, message, recipients) => api('signal', { channel, message, recipients });
const user = (entityRef) => ({ type: 'user', entityRef });

let names = 0;
const unique = () => {
  names += 1;
  return { channel: `catalog:t${names}`, mia: `user:default/mia${names}`, joe: `user:default/joe${names}` };
};

test('it connects at once, subscribes and receives what is for its user, its groups or everybody', async () => {
  const { channel, mia, joe } = unique();
  const clients = [await signalClient(userToken(mia, [`group:default/${mia.slice(13)}`])), await signalClient(userToken(joe))];
  const [ofMia, ofJoe] = [hearing(), hearing()];
  clients[0].subscribe(channel, ofMia.hear);
  clients[1].subscribe(channel, ofJoe.hear);
  await untilSubscribed(2);
  await signal(channel, { n: 1 }, user(mia));
  await signal(channel, { n: 2 }, user([`group:default/${mia.slice(13)}`]));
  await signal(channel, { n: 3 }, { type: 'broadcast' });
  await until('all are told', () => ofMia.heard.length === 3 && ofJoe.heard.length === 1);
  assert.deepEqual([ofMia.heard, ofJoe.heard], [[{ n: 1 }, { n: 2 }, { n: 3 }], [{ n: 3 }]]);
});

test('several callbacks of a channel share a subscription, and the last to go closes the connection', async () => {
  const { channel, mia } = unique();
  const client = await signalClient(userToken(mia));
  const [one, other] = [hearing(), hearing()];
  const subscriptions = [client.subscribe(channel, one.hear), client.subscribe(channel, other.hear)];
  await untilSubscribed(1);
  await signal(channel, 'both');
  await until('both are told', () => one.heard.length === 1 && other.heard.length === 1);
  subscriptions[0].unsubscribe();
  await signal(channel, 'other');
  await until('the other is told', () => other.heard.length === 2);
  subscriptions[1].unsubscribe();
  await untilSubscribed(0);
  // The next subscription opens a connection again.
  client.subscribe(channel, one.hear);
  await untilSubscribed(1);
  await signal(channel, 'again');
  await until('it is told again', () => one.heard.length === 2);
  assert.deepEqual([one.heard, other.heard], [['both', 'again'], ['both', 'other']]);
});

test('it comes back after a cut, subscribes again, once for each callback, and hears each signal once', async () => {
  const { channel, mia } = unique();
  const client = await signalClient(userToken(mia));
  const [one, other] = [hearing(), hearing()];
  client.subscribe(channel, one.hear);
  client.subscribe(channel, other.hear);
  await untilSubscribed(1);
  const before = client.ws;
  await api('disconnect', { user: mia });
  await until('it has another connection', () => client.ws && client.ws !== before && client.ws.readyState === 1);
  await untilSubscribed(1);
  await signal(channel, 1);
  await signal(channel, 2);
  await until('it is told', () => one.heard.length >= 2 && other.heard.length >= 2);
  assert.deepEqual([one.heard, other.heard], [[1, 2], [1, 2]]);
});

test('refused, it tries again, and comes in with a token that is good by then', async () => {
  const { channel, mia } = unique();
  let token = 'junk';
  let asked = 0;
  const client = await signalClient(() => { asked += 1; return token; }, { reconnectTimeout: 50 });
  client.connectTimeout = 200;
  const told = hearing();
  client.subscribe(channel, told.hear);
  await until('it has tried twice', () => asked >= 2);
  token = userToken(mia);
  await untilSubscribed(1);
  await signal(channel, 'in');
  await until('it is told', () => told.heard.length === 1);
});

test('it stays away when its token was taken back', async () => {
  const { channel, mia, joe } = unique();
  const client = await signalClient(userToken(mia), { reconnectTimeout: 30 });
  client.subscribe(channel, () => {});
  await untilSubscribed(1);
  const closed = new Promise((resolve) => { client.ws.addEventListener('close', resolve); });
  await api('revoke', { user: mia, realm: 'backstage' });
  assert.equal((await closed).code, 1000);
  // Another client's whole cut and return takes longer than this one would.
  const other = await signalClient(userToken(joe), { reconnectTimeout: 60 });
  other.subscribe(channel, () => {});
  await untilSubscribed(1);
  const before = other.ws;
  await api('disconnect', { user: joe });
  await until('the other is back', () => other.ws && other.ws !== before && other.ws.readyState === 1);
  assert.equal(client.reconnectTo, undefined, 'it has not even planned to come back');
});

test('a token that ends cuts it with 4401, and it comes back with the next', async () => {
  const { channel, mia } = unique();
  const soon = () => userToken(mia, [], { exp: Math.floor(Date.now() / 1000) + 2 });
  let token = soon();
  const client = await signalClient(() => token);
  client.subscribe(channel, () => {});
  await untilSubscribed(1);
  token = userToken(mia);
  const closed = new Promise((resolve) => { client.ws.addEventListener('close', resolve); });
  assert.equal((await closed).code, 4401);
  await until('it is back', () => client.ws?.readyState === 1);
  await untilSubscribed(1);
});

test('it hears a signal that was kept for its user, and its user hears it once', async () => {
  const { channel, mia } = unique();
  await api('signal', { channel, message: { n: 1 }, keep: true });
  await signal(channel, { n: 2 });
  const [one, other] = [await signalClient(userToken(mia)), await signalClient(userToken(mia))];
  const [first, second] = [hearing(), hearing()];
  one.subscribe(channel, first.hear);
  await until('it is told', () => first.heard.length === 1);
  other.subscribe(channel, second.hear);
  await untilSubscribed(2);
  await signal(channel, { n: 3 });
  await until('both are told', () => first.heard.length === 2 && second.heard.length > 0);
  assert.deepEqual([first.heard, second.heard], [[{ n: 1 }, { n: 3 }], [{ n: 3 }]]);
});
