'use strict';
// A broker that stops and starts again under a hundred clients: all are back, and hear what comes then.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, freePort, hearing, signalClient, startBroker, until, untilSubscribed, userToken } = require('./broker');

const CLIENTS = 100;

for (const [how, end] of [['stopped', 'stop'], ['killed', 'kill']]) {
  test(`a hundred clients are back after their broker was ${how}`, async () => {
    const port = await freePort();
    const first = await startBroker(port);
    const told = [];
    for (let n = 0; n < CLIENTS; n += 1) {
      const { heard, hear } = hearing();
      told.push(heard);
      const client = await signalClient(userToken(`user:default/u${n}`, ['group:default/all']), { base: first.base });
      client.subscribe('catalog:news', hear);
    }
    await untilSubscribed(CLIENTS, first.base);
    await first[end]();
    const second = await startBroker(port);
    await untilSubscribed(CLIENTS, second.base);
    const recipients = { type: 'user', entityRef: ['group:default/all', 'user:default/u7'] };
    await api('signal', { channel: 'catalog:news', message: 'back', recipients }, second.base);
    await until('all are told', () => told.every((heard) => heard.length > 0));
    assert.ok(told.every((heard) => heard.length === 1 && heard[0] === 'back'));
  });
}
