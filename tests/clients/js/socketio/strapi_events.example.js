'use strict';
// The two handlers of examples/strapi_events.rs, as a client meets them. What they log is looked at where it is started.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, socketTo, told, askAll } = require('./sockets');

let ids = 0;

/** A user that no other test renames. */
function user() {
  ids += 1;
  return ids;
}

/** A connected socket; this application greets nobody. */
async function arrived(via) {
  const socket = socketTo(via);
  const connected = told(socket, 'connect');
  socket.connect();
  await connected;
  return socket;
}

onEveryTransport('a user gets the name that its client asks for', async (via) => {
  const [socket, id] = [await arrived(via), user()];
  assert.deepEqual(await askAll(socket, 'update-user-name', id, 'lorem'), [null]);
  assert.deepEqual(await askAll(socket, 'update-user-name', id, 'ipsum'), ['lorem']);
});

test('the names are those of the application, whoever asks', async () => {
  const [one, other, id] = [await arrived(), await arrived(), user()];
  one.emit('update-user-name', id, 'lorem');
  // An acknowledgement of the same client comes behind it.
  await askAll(one, 'update-user-name', user(), 'somebody');
  assert.deepEqual(await askAll(other, 'update-user-name', id, 'ipsum'), ['lorem']);
});

test('an argument that does not fit is named, and nothing is changed', async () => {
  const [socket, id] = [await arrived(), user()];
  await askAll(socket, 'update-user-name', id, 'lorem');
  const [{ error }] = await askAll(socket, 'update-user-name', id, { name: 'ipsum' });
  assert.equal(error.code, 107);
  assert.match(error.message, /^argument 2: /);
  const [{ error: missing }] = await askAll(socket, 'update-user-name', id);
  assert.deepEqual(missing, { code: 107, message: 'argument 2 is missing' });
  assert.deepEqual(await askAll(socket, 'update-user-name', id, 'ipsum'), ['lorem']);
});
