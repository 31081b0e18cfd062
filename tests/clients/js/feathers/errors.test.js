'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { errors } = require('@feathersjs/client');
const { onEveryTransport, ours, client, acknowledged, failure, unique } = require('./apps');

const CLASSES = {
  BadRequest: [400, 'bad-request'], NotAuthenticated: [401, 'not-authenticated'], PaymentError: [402, 'payment-error'],
  Forbidden: [403, 'forbidden'], NotFound: [404, 'not-found'], MethodNotAllowed: [405, 'method-not-allowed'],
  NotAcceptable: [406, 'not-acceptable'], Timeout: [408, 'timeout'], Conflict: [409, 'conflict'], Gone: [410, 'gone'],
  LengthRequired: [411, 'length-required'], Unprocessable: [422, 'unprocessable'],
  TooManyRequests: [429, 'too-many-requests'], GeneralError: [500, 'general-error'],
  NotImplemented: [501, 'not-implemented'], BadGateway: [502, 'bad-gateway'], Unavailable: [503, 'unavailable'],
};

onEveryTransport('every class of errors is rebuilt by the client', async (via) => {
  const faults = (await client(via)).service('faults');
  const data = { hint: 'h', errors: { text: 'required' } };
  for (const [name, [code, className]] of Object.entries(CLASSES)) {
    const error = await failure(faults.create({ name, message: 'bad thing', data }));
    const form = { name, message: 'bad thing', code, className, data: { hint: 'h' }, errors: { text: 'required' } };
    const { name: of, message, code: number, className: kind, data: more, errors: fields } = error;
    assert.deepEqual({ name: of, message, code: number, className: kind, data: more, errors: fields }, form);
    // The client has forgotten this one in its table of classes.
    if (name === 'Gone') continue;
    assert.ok(error instanceof errors[name] && error instanceof errors.FeathersError, name);
    assert.deepEqual(error.toJSON(), form);
  }
});

/** The only argument of the acknowledgement of what fails. */
async function refusal(app, ...args) {
  const answer = await acknowledged(app, ...args);
  assert.equal(answer.length, 1, JSON.stringify(answer));
  return answer[0];
}

const ERROR = { name: 'Unprocessable', message: 'bad thing', code: 422, className: 'unprocessable' };
for (const [title, data, more] of [
  ['neither data nor errors', undefined, {}],
  ['data', { hint: { deep: [1] } }, { data: { hint: { deep: [1] } } }],
  ['errors alone', { errors: { text: 'required' } }, { data: {}, errors: { text: 'required' } }],
  ['data and errors', { a: 1, errors: [{ text: 'required' }] }, { data: { a: 1 }, errors: [{ text: 'required' }] }],
  ['data that is an array', [{ a: 1 }, 2], { data: [{ a: 1 }, 2] }],
]) {
  test(`an error with ${title} has exactly that`, async () => {
    const asked = { name: 'Unprocessable', message: 'bad thing', data };
    assert.deepEqual(await refusal(await client(), 'create', 'faults', asked), { ...ERROR, ...more });
  });
}

const notFound = (message) => ({ name: 'NotFound', message, code: 404, className: 'not-found' });
const notAllowed = (message) => ({ name: 'MethodNotAllowed', message, code: 405, className: 'method-not-allowed' });
const badRequest = (message) => ({ name: 'BadRequest', message, code: 400, className: 'bad-request' });

for (const [title, args, error] of [
  ['a service that is not there', ['find', 'nowhere', {}], notFound("Service 'nowhere' not found")],
  ['a service without a name', ['find', '', {}], notFound("Service '' not found")],
  ['a service with a quote and a NUL', ['find', 'a\'"\u0000', {}], notFound("Service 'a'\"\u0000' not found")],
  ['a path that is no text', ['find', 5, {}], notFound('Invalid service path')],
  ['a path that is null', ['get', null, 1], notFound('Invalid service path')],
  ['a method that this service lacks', ['find', 'payments', {}], notAllowed("Method 'find' not allowed on service 'payments'")],
  ['a method of another service', ['archive', 'notes', {}], notAllowed("Method 'archive' not allowed on service 'notes'")],
  ['too many arguments of find', ['find', 'notes', {}, {}], badRequest("Too many arguments for 'find' method")],
  ['too many arguments of get', ['get', 'notes', 1, {}, {}], badRequest("Too many arguments for 'get' method")],
  ['too many arguments of create', ['create', 'notes', {}, {}, 1], badRequest("Too many arguments for 'create' method")],
  ['too many arguments of update', ['update', 'notes', 1, {}, {}, 1], badRequest("Too many arguments for 'update' method")],
  ['too many arguments of patch', ['patch', 'notes', 1, {}, {}, 1], badRequest("Too many arguments for 'patch' method")],
  ['too many arguments of remove', ['remove', 'notes', 1, {}, {}], badRequest("Too many arguments for 'remove' method")],
  ['too many arguments of a custom method', ['archive', 'echo', 1, {}, {}], badRequest("Too many arguments for 'archive' method")],
  ['an operator that is none', ['find', 'notes', { $foo: 1 }], badRequest('Invalid filter value $foo')],
  ['an operator that is none, further in', ['find', 'notes', { a: { $foo: 1 } }],
    { ...badRequest('Invalid query parameter $foo'), data: { $foo: 1 } }],
  ['a document that is not there', ['get', 'notes', 'none', {}], notFound("No record found for id 'none'")],
  ['a document that the query does not admit', ['remove', 'notes', 999_999, { a: 1 }], notFound("No record found for id '999999'")],
  ['many documents where only one may be created', ['create', 'notes', [{}], {}], notAllowed('Can not create multiple entries')],
  ['many documents where only one may be patched', ['patch', 'notes', null, {}, {}], notAllowed('Can not patch multiple entries')],
  ['many documents where only one may be removed', ['remove', 'notes', null, {}], notAllowed('Can not remove multiple entries')],
  ['an update of many documents', ['update', 'messages', null, {}, {}],
    badRequest("You can not replace multiple instances. Did you mean 'patch'?")],
]) {
  test(`${title} gets exactly its error`, async () => {
    assert.deepEqual(await refusal(await client(), ...args), error);
  });
}

ours('paths that are names of prototypes are not there, and neither is none', async () => {
  const app = await client();
  for (const path of ['__proto__', 'constructor', 'toString']) {
    assert.deepEqual(await refusal(app, 'find', path, {}), notFound(`Service '${path}' not found`));
  }
  assert.deepEqual(await refusal(app, 'find'), notFound('Invalid service path'));
});

ours('a method that no service has is answered too', async () => {
  const app = await client();
  assert.deepEqual(await refusal(app, 'frobnicate', 'notes', {}), notAllowed("Method 'frobnicate' not allowed on service 'notes'"));
  assert.deepEqual(await refusal(app, 'frobnicate', 'nowhere'), notFound("Service 'nowhere' not found"));
});

test('what the client refuses does not leave it', async () => {
  const notes = (await client()).service('notes');
  for (const [method, call] of Object.entries({
    get: notes.get(undefined), update: notes.update('', {}), patch: notes.patch(undefined, {}), remove: notes.remove(''),
  })) assert.equal((await failure(call)).message, `id for .${method} is required`);
});

onEveryTransport('a service that breaks fails its caller, and goes on', async (via) => {
  const app = await client(via);
  const error = await failure(app.service('faults').get(1));
  assert.ok(error instanceof Error);
  assert.equal((await failure(app.service('faults').create({ name: 'Gone' }))).code, 410);
});

ours('a service that breaks does not tell its clients where', async () => {
  const { message, ...error } = await refusal(await client(), 'get', 'faults', 1, {});
  assert.deepEqual(error, { name: 'GeneralError', code: 500, className: 'general-error' });
  assert.ok(!message.includes('breaks') && !message.includes('.rs'), message);
});

ours('an id that is neither text nor a number is refused', async () => {
  const app = await client();
  for (const id of [true, {}, [1]]) {
    assert.equal((await refusal(app, 'get', 'notes', id, {})).name, 'BadRequest');
    assert.equal((await refusal(app, 'patch', 'messages', id, {}, {})).name, 'BadRequest');
  }
});

ours('a query that is no object is refused', async () => {
  const app = await client();
  for (const query of ['text', 5, [1], true]) {
    assert.deepEqual(await refusal(app, 'find', 'echo', query), badRequest('The query must be an object'));
  }
});

/** JSON text nested so deeply, as a client may send it. */
const nested = (depth) => {
  let value = {};
  for (let level = 0; level < depth; level += 1) value = { $or: [value] };
  return value;
};

ours('what is nested too deeply is refused, and nothing of it is stored', async () => {
  const app = await client();
  const run = unique();
  for (const args of [['find', 'messages', nested(2000)], ['create', 'messages', { run, deep: nested(2000) }]]) {
    const { name, code } = await refusal(app, ...args);
    assert.deepEqual({ name, code }, { name: 'BadRequest', code: 400 });
  }
  assert.equal((await app.service('messages').find({ query: { run } })).total, 0);
});

test('names of prototypes are fields like any other', async () => {
  const app = await client();
  const run = unique();
  const data = JSON.parse(`{"run": "${run}", "constructor": {"prototype": {"polluted": 1}}, "toString": 2}`);
  const created = await app.service('messages').create(data);
  assert.equal(created.toString, 2);
  assert.equal((await app.service('messages').find({ query: { run, constructor: { prototype: { polluted: 2 } } } })).total, 0);
  assert.equal({}.polluted, undefined);
  await app.service('messages').remove(created.id);
});

ours('a document as large as ten megabytes is stored whole', async () => {
  const unheard = (await client()).service('unheard');
  const { id } = await unheard.create({ text: 'x'.repeat(10_000_000) }, { query: { $select: ['id'] } });
  assert.equal((await unheard.remove(id)).text.length, 10_000_000);
});
