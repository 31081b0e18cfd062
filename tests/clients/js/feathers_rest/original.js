'use strict';
// The application `examples/feathers_todos.rs`, on Feathers itself.
//   node original.js
const { feathers } = require('@feathersjs/feathers');
const { default: express, rest, json, notFound, errorHandler } = require('@feathersjs/express');
const socketio = require('@feathersjs/socketio');
const { memory } = require('@feathersjs/memory');
const { Unprocessable } = require('@feathersjs/errors');

const app = express(feathers());
app.use(json());
app.configure(rest());
app.configure(socketio((io) => {
  io.use((socket, next) => {
    socket.feathers.company = socket.handshake.auth.company;
    next();
  });
}));

app.use('todos', memory({ paginate: { default: 10, max: 50 } }));
app.service('todos').hooks({
  before: {
    create: [async ({ data }) => {
      if (!data.text?.trim()) throw new Unprocessable('A todo needs a text', { errors: { text: 'required' } });
    }],
  },
});

class Payments {
  async create({ amount }, { headers }) {
    for (const status of ['created', 'completed']) this.emit('status', { id: 1, status });
    return { id: 1, paid: amount, agent: headers['x-agent'] };
  }

  async refund({ id }, { query }) {
    this.emit('status', { id, status: 'refunded' });
    return { id, refunded: true, reason: query.reason };
  }
}
app.use('payments', new Payments(), { methods: ['create', 'refund'], events: ['status'] });

app.on('connection', (connection) => app.channel('everyone').join(connection));
app.publish((data, { path }) => app.channel('everyone').filter(({ company }) => path !== 'todos' || company === data.company));
app.use(notFound());
app.use(errorHandler({ logger: false }));
app.listen(0).then((server) => console.log(`listening on http://127.0.0.1:${server.address().port}`));
