'use strict';
// The fixture application of these suites, here on the original server. `examples/socketio_fixture.rs` is the same on
// Callboard; what a suite asks of one it may ask of the other. `node against_original.js` runs them against this one.
//
// COMMAND LINE. `--port P` (0 takes a free one); all others are optional, times in milliseconds:
//   --ping-interval 25000  --ping-timeout 20000  --connect-timeout 45000  --max-payload 1000000
//   --recovery MS     connection state recovery for so long; without it there is none
//   --cors ORIGIN     pages of this origin may call, with credentials
// The path is `/socket.io/`, the address 127.0.0.1. When it listens it prints `listening on http://127.0.0.1:P`.
// The suites ask for three of them (see against_original.js): one with long times and --max-payload 3000000, one with
// short times and --cors https://app.example, one with recovery.
//
// NAMESPACES. `/`, `/custom` and every `/room-…` (pattern ^/room-.+$). All behave the same.
//
// CONNECTING. If `auth.deny` is truthy the connection is refused: message "no", data {"c":1}.
// Otherwise the first event the client gets is `auth`, with the auth payload it sent ({} if it sent none).
// After a recovered connection too.
//
// DISCONNECTING. If `auth.name` is a string: the event `left`, [name, reason], to the namespace's room `watch-NAME`.
//
// EVENTS. `ack` is the acknowledgement, if one was asked for; `()` means without arguments.
// WHO is an object {rooms, except}: two lists of rooms; a missing one is empty. No rooms means everyone.
// WHAT is {event, args}: the name, and the list of arguments, which may be missing.
//   message(...args)              emits `message-back`(...args) to the sender
//   message-with-ack(...args)     ack(...args)
//   join(rooms)                   joins these rooms; ack()
//   leave(rooms)                  leaves these rooms; ack()
//   rooms()                       ack([room, …]): the rooms the socket is in, its own id among them, sorted
//   to({...WHO, ...WHAT, volatile, self})
//                                 emits to all of WHO but the sender; ack(). `self`: to the sender alone, without WHO.
//                                 `volatile`: as a volatile event.
//   broadcast(event, ...args)     emits to everyone in the namespace but the sender; no ack
//   all({...WHO, ...WHAT})        emits to all of WHO, the sender too; ack()
//   ask({...WHO, ...WHAT, timeout})
//                                 emits to all of WHO and wants acknowledgements within `timeout` ms;
//                                 ack({answers, error}): the first argument of each answer in the order they came, and
//                                 whether some did not come in time
//   ask-me({...WHAT, timeout})    emits to the sender and wants an acknowledgement within `timeout` ms;
//                                 ack({answers, error}): all its arguments, and whether it did not come in time
//   disconnect-me(close)          disconnects the sender; `close` true: its whole connection. No ack
//   sockets-join({...WHO, join}), sockets-leave({...WHO, leave})
//                                 makes all of WHO join or leave a list of rooms; ack()
//   disconnect-sockets({...WHO, close})
//                                 disconnects all of WHO; `close` as above. ack() before that
//   slow(ms)                      ack(ms) after so many milliseconds
//   data-set(value)               keeps a value with the socket; ack()
//   data-get()                    ack(value), null before the first data-set
//   handshake(header, key)        ack({header, cookie, query, secure, address}) of the request with which it began
//   throws(code, message)         the handler fails with this error: ack({error: {code, message}})
// There is no handler of any other event.
const { createServer } = require('node:http');
const { parseArgs } = require('node:util');
const { Server } = require('socket.io');

const text = { type: 'string' };
const { values: flags } = parseArgs({
  options: {
    port: text, 'ping-interval': text, 'ping-timeout': text, 'connect-timeout': text, 'max-payload': text,
    recovery: text, cors: text,
  },
});
const number = (name, otherwise) => Number(flags[name] ?? otherwise);

const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, {
  serveClient: false,
  pingInterval: number('ping-interval', 25_000),
  pingTimeout: number('ping-timeout', 20_000),
  connectTimeout: number('connect-timeout', 45_000),
  maxHttpBufferSize: number('max-payload', 1_000_000),
  ...(flags.recovery && { connectionStateRecovery: { maxDisconnectionDuration: number('recovery') } }),
  ...(flags.cors && { cors: { origin: flags.cors, credentials: true } }),
});

function doorkeeper(socket, next) {
  if (!socket.handshake.auth.deny) return next();
  return next(Object.assign(new Error('no'), { data: { c: 1 } }));
}

/** All of WHO, seen from the namespace (everyone) or from a socket (everyone else). */
const audience = (from, { rooms = [], except = [] }) => from.to(rooms).except(except);

function welcome(socket) {
  const { nsp, handshake: { auth } } = socket;
  const on = (event, handler) => socket.on(event, (...args) => {
    const ack = typeof args.at(-1) === 'function' ? args.pop() : () => {};
    handler(ack, ...args);
  });

  socket.emit('auth', auth);
  socket.on('disconnect', (reason) => {
    if (typeof auth.name === 'string') nsp.to(`watch-${auth.name}`).emit('left', auth.name, reason);
  });

  on('message', (ack, ...args) => socket.emit('message-back', ...args));
  on('message-with-ack', (ack, ...args) => ack(...args));
  on('slow', (ack, ms) => setTimeout(ack, ms, ms));
  on('throws', (ack, code, message) => ack({ error: { code, message } }));
  on('data-set', (ack, value) => {
    socket.data.value = value;
    ack();
  });
  on('data-get', (ack) => ack(socket.data.value ?? null));
  on('handshake', (ack, header, key) => {
    const { headers, query, secure, address } = socket.handshake;
    const bare = address.replace('::ffff:', '');
    ack({ header: headers[header] ?? null, cookie: headers.cookie ?? null, query: query[key] ?? null, secure, address: bare });
  });

  on('join', (ack, rooms) => {
    socket.join(rooms);
    ack();
  });
  on('leave', (ack, rooms) => {
    for (const room of rooms) socket.leave(room);
    ack();
  });
  on('rooms', (ack) => ack([...socket.rooms].sort()));

  on('to', (ack, what) => {
    const { event, args = [], self } = what;
    if (self) (what.volatile ? socket.volatile : socket).emit(event, ...args);
    else audience(what.volatile ? socket.volatile : socket, what).emit(event, ...args);
    ack();
  });
  on('broadcast', (ack, event, ...args) => socket.broadcast.emit(event, ...args));
  on('all', (ack, what) => {
    audience(nsp, what).emit(what.event, ...(what.args ?? []));
    ack();
  });
  on('ask', (ack, what) => {
    const done = (error, answers) => ack({ answers, error: Boolean(error) });
    audience(nsp, what).timeout(what.timeout).emit(what.event, ...(what.args ?? []), done);
  });
  on('ask-me', (ack, { event, args = [], timeout }) => {
    socket.timeout(timeout).emit(event, ...args, (error, ...answers) => ack({ answers, error: Boolean(error) }));
  });

  on('disconnect-me', (ack, close) => socket.disconnect(close));
  on('sockets-join', (ack, what) => {
    audience(nsp, what).socketsJoin(what.join);
    ack();
  });
  on('sockets-leave', (ack, what) => {
    audience(nsp, what).socketsLeave(what.leave);
    ack();
  });
  on('disconnect-sockets', (ack, what) => {
    ack();
    audience(nsp, what).disconnectSockets(what.close);
  });
}

for (const name of ['/', '/custom', /^\/room-.+$/]) io.of(name).use(doorkeeper).on('connection', welcome);

http.listen(number('port', 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});

// Whoever started it is gone.
process.on('disconnect', () => process.exit());
