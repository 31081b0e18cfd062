'use strict';
// What calls fail with, as the REST clients rebuild it.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { URL, onEveryClient, ours, failure } = require('./apps');

const classOf = (error) => [error.name, error.code, error.className];

onEveryClient('errors are of their class, with what the service says of them', async (app, classes) => {
  const todos = app.service('todos');
  const invalid = await failure(todos.create({ text: ' ' }));
  assert.deepEqual(classOf(invalid), ['Unprocessable', 422, 'unprocessable']);
  assert.deepEqual([invalid.message, invalid.errors], ['A todo needs a text', { text: 'required' }]);
  assert.ok(invalid instanceof classes.Unprocessable);
  assert.equal(invalid.response.status, 422);
  for (const [call, name, message] of [
    [() => todos.get(999999), 'NotFound', "No record found for id '999999'"],
    [() => todos.find({ query: { $foo: 1 } }), 'BadRequest', 'Invalid filter value $foo'],
    [() => todos.find({ query: { text: { $foo: 1 } } }), 'BadRequest', 'Invalid query parameter $foo'],
    [() => todos.patch(null, { a: 1 }), 'MethodNotAllowed', 'Can not patch multiple entries'],
    [() => todos.remove(null), 'MethodNotAllowed', 'Can not remove multiple entries'],
    [() => todos.update(null, {}), 'BadRequest', "You can not replace multiple instances. Did you mean 'patch'?"],
  ]) {
    const error = await failure(call());
    assert.deepEqual([error.name, error.message], [name, message]);
    assert.ok(error instanceof classes[name], name);
  }
});

onEveryClient('a service that is not there is a page that is not found', async (app) => {
  const error = await failure(app.service('no/such').find({ query: { a: 'b' } }));
  assert.deepEqual(classOf(error), ['NotFound', 404, 'not-found']);
  assert.deepEqual([error.message, error.data], ['Page not found', { url: '/no/such?a=b' }]);
});

test('a method that is none is not allowed', async () => {
  const answer = await fetch(`${URL}/todos`, { method: 'PROPFIND' });
  const { name, message } = await answer.json();
  assert.deepEqual([answer.status, name, message], [405, 'MethodNotAllowed', 'Method PROPFIND not allowed']);
});

ours('bodies that are none of JSON, are broken or too large have a status of their own', async () => {
  const post = async (type, body) => {
    const answer = await fetch(`${URL}/todos`, { method: 'POST', headers: { 'content-type': type }, body });
    return [answer.status, (await answer.json()).name];
  };
  assert.deepEqual(await post('application/json', '{bad'), [400, 'BadRequest']);
  assert.deepEqual(await post('text/plain', '{"text":"a"}'), [415, 'BadRequest']);
  assert.deepEqual(await post('application/x-www-form-urlencoded', 'text=a'), [415, 'BadRequest']);
  assert.deepEqual(await post('application/json', JSON.stringify({ text: 'x'.repeat(10_000_000) })), [413, 'BadRequest']);
});
