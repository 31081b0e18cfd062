'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { OPEN, OTHER, api, unique } = require('./broker');
const { Cable } = require('./cable');
const { connected, inbox, subscribed, refusal, data } = require('./sdk');

const leaf = (key, cmp, val) => ({ key, cmp, val });
const within = (key, cmp, vals) => ({ key, cmp, vals });

/** What is published, by its name. */
const EVENTS = {
  apple: { kind: 'fruit', price: '10', name: 'apple' },
  banana: { kind: 'fruit', price: '9.5', name: 'banana' },
  carrot: { kind: 'root', price: '-2', name: 'carrot' },
  nothing: {},
};

async function publishAll(channel) {
  for (const [name, tags] of Object.entries(EVENTS)) await api('publish', { channel, data: name, tags });
}

for (const [name, tagsFilter, passes] of [
  ['eq', leaf('kind', 'eq', 'fruit'), ['apple', 'banana']],
  ['neq', leaf('kind', 'neq', 'fruit'), ['carrot', 'nothing']],
  ['in', within('name', 'in', ['apple', 'carrot']), ['apple', 'carrot']],
  ['nin', within('name', 'nin', ['apple', 'carrot']), ['banana', 'nothing']],
  ['ex', leaf('kind', 'ex'), ['apple', 'banana', 'carrot']],
  ['nex', leaf('kind', 'nex'), ['nothing']],
  ['sw', leaf('name', 'sw', 'ba'), ['banana']],
  ['ew', leaf('name', 'ew', 'le'), ['apple']],
  ['ct', leaf('name', 'ct', 'rr'), ['carrot']],
  ['gt', leaf('price', 'gt', '9.5'), ['apple']],
  ['gte', leaf('price', 'gte', '9.5'), ['apple', 'banana']],
  ['lt', leaf('price', 'lt', '9.5'), ['carrot']],
  ['lte', leaf('price', 'lte', '9.5'), ['banana', 'carrot']],
  ['and', { op: 'and', nodes: [leaf('kind', 'eq', 'fruit'), leaf('price', 'lt', '10')] }, ['banana']],
  ['or', { op: 'or', nodes: [leaf('name', 'eq', 'apple'), leaf('kind', 'eq', 'root')] }, ['apple', 'carrot']],
  ['not', { op: 'not', nodes: [leaf('kind', 'ex')] }, ['nothing']],
]) {
  test(`the filter '${name}' lets through what it says`, async () => {
    const channel = unique('tags');
    const { publications } = await subscribed(await connected(), channel, { tagsFilter });
    const all = await subscribed(await connected(), channel);
    await publishAll(channel);
    assert.deepEqual(data(await all.publications.take(4)), Object.keys(EVENTS));
    assert.deepEqual(data(await publications.take(passes.length)), passes);
    assert.deepEqual(publications.items, []);
  });
}

test('recovery is filtered too', async () => {
  const channel = unique('tags');
  const cable = await Cable.lay(OPEN, OTHER);
  const c = await connected({}, cable.ws);
  const { publications, subscribed: told } = await subscribed(c, channel, { tagsFilter: leaf('kind', 'eq', 'fruit') });
  const connecting = inbox(c, 'connecting');
  cable.cut();
  await connecting.next();
  await publishAll(channel);
  cable.mend();
  const ctx = await told.next();
  assert.equal(ctx.recovered, true);
  assert.deepEqual(data(await publications.take(2)), ['apple', 'banana']);
});

test('a filter where none is allowed, or a wrong one, is error 107', async () => {
  const c = await connected();
  assert.equal(await refusal(c, unique('chat'), { tagsFilter: leaf('kind', 'eq', 'fruit') }), 107);
  assert.equal(await refusal(c, unique('tags'), { tagsFilter: leaf('kind', 'like', 'fruit') }), 107);
  assert.equal(await refusal(c, unique('tags'), { tagsFilter: { op: 'xor', nodes: [leaf('kind', 'ex')] } }), 107);
});
