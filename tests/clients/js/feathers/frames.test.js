'use strict';
// What goes over the wire, letter by letter: other clients than the two of JavaScript read it as well.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const WebSocket = require('ws');
const { FIXTURE, ours, within, unique } = require('./apps');

/** A bare connection that has joined the namespace of services, and its frames of one run of a test. */
async function bare(t, run) {
  const socket = new WebSocket(`${FIXTURE.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
  t.after(() => socket.terminate());
  const frames = [];
  let wake = () => {};
  socket.on('message', (data) => {
    const frame = data.toString();
    // Events of other tests are told to everyone.
    if (frame.startsWith('42["') && frame !== '42["welcome"]' && !frame.includes(run)) return;
    frames.push(frame);
    wake();
  });
  const next = async () => {
    while (frames.length === 0) await new Promise((resolve) => { wake = resolve; });
    return frames.shift();
  };
  const frame = () => within(next(), 'a frame');
  assert.match(await frame(), /^0\{"sid":/);
  socket.send('40');
  assert.match(await frame(), /^40\{"sid":/);
  assert.equal(await frame(), '42["welcome"]');
  return { frame, send: (text) => socket.send(text) };
}

test('an event comes before its acknowledgement, which has the id of the call', async (t) => {
  const run = unique();
  const { frame, send } = await bare(t, run);
  send(`42["create","notes",{"run":"${run}","text":"no id"},{}]`);
  const [, created, id] = (await frame()).match(/^42\["notes created",(\{.*"id":(\d+)\})\]$/);
  assert.equal(created, `{"run":"${run}","text":"no id","id":${id}}`);
  send(`427["get","notes",${id},{}]`);
  assert.equal(await frame(), `437[null,${created}]`);
  send(`4213["patch","notes",${id},{"text":"x"},{}]`);
  const patched = `{"run":"${run}","text":"x","id":${id}}`;
  assert.equal(await frame(), `42["notes patched",${patched}]`);
  assert.equal(await frame(), `4313[null,${patched}]`);
  send(`420["find","notes",{"run":"${run}"}]`);
  assert.equal(await frame(), `430[null,[${patched}]]`);
});

test('an error is acknowledged alone', async (t) => {
  const { frame, send } = await bare(t, unique());
  send('425["get","notes","none",{}]');
  assert.equal(await frame(), '435[{"name":"NotFound","message":"No record found for id \'none\'","code":404,"className":"not-found"}]');
  send('426["find","nowhere",{}]');
  assert.equal(await frame(), '436[{"name":"NotFound","message":"Service \'nowhere\' not found","code":404,"className":"not-found"}]');
});

test('bytes come behind the call that has places for them, and are stored as Node writes a buffer in JSON', async (t) => {
  const run = unique();
  const { frame, send } = await bare(t, run);
  send(`451-1["create","notes",{"run":"${run}","deep":[{"bytes":{"_placeholder":true,"num":0}}]},{}]`);
  send(Buffer.from([1, 2, 255]));
  const stored = (await frame()).match(/^42\["notes created",(.*)\]$/)[1];
  assert.match(stored, new RegExp(`^\\{"run":"${run}","deep":\\[\\{"bytes":\\{"type":"Buffer","data":\\[1,2,255\\]\\}\\}\\],"id":\\d+\\}$`));
  assert.equal(await frame(), `431[null,${stored}]`);
});

ours('a call that is nested so deeply that nothing can be made of it is refused', async (t) => {
  const { frame, send } = await bare(t, unique());
  send(`421["find","notes",${'{"$or":['.repeat(10_000)}${']}'.repeat(10_000)}]`);
  assert.match(await frame(), /^431\[\{"name":"BadRequest","message":"[^"]+","code":400,"className":"bad-request"\}\]$/);
  send('422["get","echo",1,{}]');
  assert.match(await frame(), /^432\[null,\{"/);
});
