'use strict';
// The parts of a client, each by itself.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { part } = require('./package');

/** Takes all that wait, as a socket that takes them at once. */
function drained(kept) {
  const texts = [];
  for (let next = kept.take(); next; next = kept.take()) texts.push(next.text);
  texts.forEach(() => kept.sent());
  assert.equal(kept.length, 0);
  return texts.join(' ');
}

const of = (text) => ({ text, bytes: text.length });

test('the oldest publishes go for one too many, and for a large one', async () => {
  const { KeptPublishes } = await part('kept');
  const few = new KeptPublishes(2, 100);
  assert.deepEqual(['a', 'b', 'c'].map((text) => few.push(of(text))), [0, 0, 1]);
  assert.equal(drained(few), 'b c');
  const small = new KeptPublishes(10, 6);
  assert.deepEqual(['aa', 'bb', 'cc', 'dddd'].map((text) => small.push(of(text))), [0, 0, 0, 2]);
  assert.equal(drained(small), 'cc dddd');
});

test('what a connection had in hand waits again in its place, within the bounds', async () => {
  const { KeptPublishes } = await part('kept');
  const kept = new KeptPublishes(3, 100);
  for (const text of ['a', 'b', 'c']) kept.push(of(text));
  for (let n = 0; n < 3; n += 1) kept.take();
  assert.equal(kept.push(of('d')), 0, 'what is in hand takes no place');
  kept.sent();
  assert.equal(kept.putBack(), 0);
  assert.equal(drained(kept), 'b c d');
  for (const text of ['e', 'f']) kept.push(of(text));
  kept.take();
  for (const text of ['g', 'h']) kept.push(of(text));
  assert.equal(kept.putBack(), 1);
  assert.equal(drained(kept), 'f g h');
});

test('a flush waits for what was published before it alone, and fails where that was dropped', async () => {
  const { KeptPublishes } = await part('kept');
  const kept = new KeptPublishes(2, 100);
  await kept.flush();
  kept.push(of('a'));
  const first = kept.flush();
  kept.take();
  kept.push(of('b'));
  kept.sent();
  await first;
  const second = assert.rejects(kept.flush(), /publishes were dropped or removed/);
  for (const text of ['c', 'd']) kept.push(of(text));
  await second;
  const third = assert.rejects(kept.flush(), /dropped or removed/);
  kept.clear();
  await third;
  kept.push(of('e'));
  const fourth = assert.rejects(kept.flush(), /gone/);
  kept.giveUp(new Error('gone'));
  await fourth;
});

test('pauses double up to their bound, begin anew after a connection that stood, and differ', async () => {
  const { Backoff } = await part('backoff');
  const bounds = { backoffFirst: 100, backoffMost: 30_000 };
  const backoff = new Backoff(bounds, () => 1);
  const pauses = Array.from({ length: 11 }, () => backoff.next(0));
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
  assert.deepEqual([29_000, 30_001, 0].map((lasted) => backoff.next(lasted)), [30_000, 100, 200]);
  const many = new Set(Array.from({ length: 20 }, () => new Backoff(bounds).next(0)));
  assert.ok(many.size > 10 && [...many].every((pause) => pause >= 0 && pause < 100));
});

const key = (pluginId, topic) => ({ pluginId, topic });
const nobody = () => {};

test('the broker is told what has changed since it was told, and each connection of all', async () => {
  const { Subscriptions, Told } = await part('subscriptions');
  const wanted = new Subscriptions(10);
  const here = new Told();
  const words = ({ command, pluginId, topic = '' }) => `${command} ${pluginId} ${topic}`.trim();
  const told = (by = here) => by.update(wanted).map((frame) => words(JSON.parse(frame)));
  for (const [pluginId, topic] of [['a'], ['a', 't'], ['a']]) wanted.add(key(pluginId, topic), nobody);
  assert.deepEqual(told(), ['subscribe a', 'subscribe a t']);
  assert.deepEqual(told(), []);
  wanted.remove(key('a'));
  wanted.add(key('b'), nobody);
  assert.deepEqual(told(), ['unsubscribe a', 'subscribe b']);
  assert.deepEqual(told(new Told()), ['subscribe a t', 'subscribe b']);
  wanted.clear();
  assert.deepEqual([told(), wanted.isEmpty], [['unsubscribe a t', 'unsubscribe b'], true]);
});

test('subscriptions are bounded whatever their keys, and one callback can be removed', async () => {
  const { Subscriptions } = await part('subscriptions');
  const wanted = new Subscriptions(2);
  const [one, two] = [() => 1, () => 2];
  wanted.add(key('a'), one);
  wanted.add(key('a'), two);
  assert.throws(() => wanted.add(key('b'), one), /has 2 subscriptions already/);
  wanted.remove(key('a'), nobody);
  wanted.remove(key('a', 't'));
  wanted.remove(key('a'), one);
  assert.deepEqual(wanted.matching(key('a')).map(({ callback }) => callback()), [2]);
  wanted.add(key('b'), one);
});

test('an event is for its plugin and for its topic and for no other', async () => {
  const { Subscriptions } = await part('subscriptions');
  const wanted = new Subscriptions(10);
  for (const [pluginId, topic] of [['a'], ['a', 't'], ['a', 'u'], ['b', 't']]) wanted.add(key(pluginId, topic), nobody);
  const numbers = [['a', 't'], ['a'], ['a', 'v'], ['b', 't'], ['b']].map(([pluginId, topic]) => wanted.matching(key(pluginId, topic)).length);
  assert.deepEqual(numbers, [2, 1, 1, 1, 0]);
});

test('frames are those of the wire, and what is none of it is named', async () => {
  const frames = await part('frames');
  assert.equal(frames.register('catalog'), '{"command":"register","pluginId":"catalog"}');
  assert.equal(frames.publish(key('c'), undefined, { a: null }), '{"command":"publish","pluginId":"c","data":{"a":null}}');
  const targeted = '{"command":"publish","pluginId":"c","topic":"t","targetEntityRefs":["user:default/mia"],"data":"x"}';
  assert.equal(frames.publish(key('c', 't'), ['user:default/mia'], 'x'), targeted);
  assert.equal(frames.publish(key('c'), undefined, 1, true), '{"command":"publish","pluginId":"c","keep":true,"data":1}');
  const cyclic = {};
  cyclic.self = cyclic;
  for (const data of [undefined, () => 1, 1n, cyclic]) assert.throws(() => frames.publish(key('c'), undefined, data), /cannot be written as JSON/);
  const event = { kind: 'event', key: key('c', undefined), data: null };
  assert.deepEqual(frames.read('{"command":"publish","pluginId":"c"}'), { ...event, replayed: false });
  assert.deepEqual(frames.read('{"command":"publish","pluginId":"c","replayed":true}'), { ...event, replayed: true });
  assert.deepEqual(frames.read('{"command":"later"}'), { kind: 'other', command: 'later' });
  for (const text of ['', '5', 'null', '{}', '{"command":"publish"}']) assert.throws(() => frames.read(text));
});

test('ten lines of a kind are written in a minute, and then how many were left out', async () => {
  const { LineBudget } = await part('logger');
  const lines = [];
  const budget = new LineBudget((line) => lines.push(line));
  for (let n = 0; n < 100; n += 1) budget.write('a', 'x', 0);
  budget.write('b', 'y', 0);
  budget.write('a', 'x', 59_999);
  assert.equal(lines.length, 11);
  budget.write('a', 'x', 60_000);
  assert.equal(lines.at(-1), 'x (91 lines like it were left out)');
});

test('a logger that throws ends nothing', async () => {
  const { guarded } = await part('logger');
  const level = () => { throw new Error('of the logger'); };
  guarded({ debug: level, info: level, warn: level, error: level }).warn('x');
});
