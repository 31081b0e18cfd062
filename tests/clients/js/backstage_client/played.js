'use strict';
// A broker that the test plays.
const { WebSocketServer } = require('ws');
const { ends } = require('./package');

/** Starts one; `serve` gets each socket, and which one it is. */
async function played(serve) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/events' });
  await new Promise((resolve) => { server.once('listening', resolve); });
  const sockets = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    serve(socket, sockets.length);
  });
  ends.push(() => {
    server.close();
    for (const socket of server.clients) socket.terminate();
  });
  return { base: `http://127.0.0.1:${server.address().port}`, sockets };
}

module.exports = { played };
