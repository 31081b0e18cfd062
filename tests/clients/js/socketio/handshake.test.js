'use strict';
const assert = require('node:assert/strict');
const { onEveryTransport, connected, ask } = require('./sockets');

onEveryTransport('handlers see the request with which the connection began', async (via) => {
  const socket = await connected({ ...via, query: { room: 'a b' }, extraHeaders: { 'X-Version': '7', cookie: 'a=1' } });
  const seen = { header: '7', cookie: 'a=1', query: 'a b', secure: false, address: '127.0.0.1' };
  assert.deepEqual(await ask(socket, 'handshake', 'x-version', 'room'), seen);
  const bare = await connected(via);
  assert.deepEqual(await ask(bare, 'handshake', 'x-version', 'room'), { ...seen, header: null, cookie: null, query: null });
});
