'use strict';
// The application that the suites talk to, on Feathers itself; `examples/feathers_fixture` is the same on Callboard.
//   node original.js [--port 0] [--ranked]
// A client says `auth: {user, channels}`: `user` becomes that of its connection, which joins these channels; then it is told
// 'welcome'. What no service publishes itself goes to everyone; with --ranked, what the application publishes:
// `ranked-below` to the channels `app-event-<run>` ('updated') and `app-<run>`, all others to everyone.
//   messages               documents in memory, in pages of 10 and at most 50, with writes of many
//   notes                  documents in memory, in no pages, without writes of many
//   unheard                the same, and nobody is told of them
//   echo, users/:userId/items
//                          each method, and `archive`, returns {id, data, query, route, user, provider, agent}
//   payments               create emits `status`, `audit`, `status`, of which it lists `status`; has a method `refund`
//   faults                 create fails with an error of the class `name`, with `message` and `data`; get breaks
//   never                  get never answers
//   heard                  create({service, event, run, once}) listens inside the process to what has this `run`,
//                          get(run) is what was heard: {text, method, path}; remove(run) takes the last listener away
//   hooked                 hooks of every kind note themselves in `steps`, and do what the data says (original_hooks.js)
//   channels               create({name}) has the caller join a channel, remove(name) has it leave
//   several                publishes to the channels in `to`: [{name, send}]; its publisher breaks where `broken` is true
//   ranked                 publishes 'created' to `event-<run>`, others to `service-<run>`
//   people/<multi>/<pages> one table at many paths, for the suite of the adapters; `people-customid` has ids in `customid`
const { createServer } = require('node:http');
const { parseArgs } = require('node:util');
const { feathers } = require('@feathersjs/feathers');
const socketio = require('@feathersjs/socketio');
const { MemoryService } = require('@feathersjs/memory');
const errors = require('@feathersjs/errors');
const { ofTheApplication, ofTheService, hooked } = require('./original_hooks');

const { values: flags } = parseArgs({ options: { port: { type: 'string', default: '0' }, ranked: { type: 'boolean' } } });

const app = feathers();

app.configure(socketio({ maxHttpBufferSize: 20_000_000 }, (io) => {
  io.use((socket, next) => {
    const { user, channels = [] } = socket.handshake.auth;
    Object.assign(socket.feathers, user && { user }, { channels });
    next();
  });
  io.on('connection', (socket) => setImmediate(() => socket.emit('welcome')));
}));

app.on('connection', (connection) => {
  for (const name of ['everyone', ...connection.channels]) app.channel(name).join(connection);
});

const everyone = () => app.channel('everyone');
/** The channel of this name that belongs to one run of a test. */
const ofRun = (name) => (data) => app.channel(`${name}-${data.run}`);

class Echo {
  echoed(id, data, { query, route, user = null, provider, headers }) {
    return { id, data: data ?? null, query, route, user, provider, agent: headers['user-agent'] ?? null };
  }

  async find(params) { return this.echoed(null, null, params); }

  async get(id, params) { return this.echoed(id, null, params); }

  async create(data, params) { return this.echoed(null, data, params); }

  async update(id, data, params) { return this.echoed(id, data, params); }

  async patch(id, data, params) { return this.echoed(id, data, params); }

  async remove(id, params) { return this.echoed(id, null, params); }

  async archive(data, params) { return this.echoed(null, data, params); }
}

const STANDARD = ['find', 'get', 'create', 'update', 'patch', 'remove'];

app.use('messages', new MemoryService({ multi: true, paginate: { default: 10, max: 50 } }));
app.use('notes', new MemoryService());
app.use('unheard', new MemoryService());
app.service('unheard').publish(() => null);
app.use('echo', new Echo(), { methods: [...STANDARD, 'archive'] });
app.use('users/:userId/items', new Echo(), { methods: [...STANDARD, 'archive'] });

app.use('payments', {
  async create({ run, amount }) {
    for (const [event, status] of [['status', 'created'], ['audit', 'audited'], ['status', 'completed']]) {
      app.service('payments').emit(event, { run, status });
    }
    return { run, paid: amount };
  },
  async refund({ run, amount }) { return { run, refunded: amount }; },
}, { events: ['status'], methods: ['create', 'refund'] });

app.use('faults', {
  async create({ name, message, data }) { throw new errors[name](message, data); },
  async get() { throw new Error('this service breaks'); },
});

app.use('never', { get: () => new Promise(() => {}) });

class Heard {
  constructor() {
    this.heard = new Map();
    this.listening = new Map();
  }

  async create({ service, event, run, once }) {
    const listener = (data, call) => {
      if (data.run !== run) return;
      const heard = { text: data.text ?? null, method: call?.method ?? null, path: call?.path ?? null };
      this.heard.set(run, [...this.heard.get(run) ?? [], heard]);
    };
    app.service(service)[once ? 'once' : 'on'](event, listener);
    this.listening.set(run, [...this.listening.get(run) ?? [], { service, event, listener }]);
    return {};
  }

  async get(run) { return this.heard.get(run) ?? []; }

  async remove(run) {
    const { service, event, listener } = this.listening.get(run).pop();
    app.service(service).removeListener(event, listener);
    return { removed: true };
  }
}

app.use('heard', new Heard());

app.use('channels', {
  async create({ name }, { connection }) {
    app.channel(name).join(connection);
    return {};
  },
  async remove(name, { connection }) {
    app.channel(name).leave(connection);
    return {};
  },
});
app.service('channels').publish(() => null);

/** A service that returns what it is given. */
const mirror = () => ({
  create: async (data) => data, update: async (id, data) => data, patch: async (id, data) => data,
});

app.use('several', mirror());
app.service('several').publish((data) => {
  if (data.broken) throw new Error('this publisher breaks');
  return data.to?.map(({ name, send }) => (send ? app.channel(name).send(send) : app.channel(name)));
});

app.use('ranked', mirror());
app.service('ranked').publish(ofRun('replaced'));
app.service('ranked').publish(ofRun('service'));
app.service('ranked').publish('created', ofRun('replaced'));
app.service('ranked').publish('created', ofRun('event'));
app.use('ranked-below', mirror());

const below = (publisher) => (data, { path }) => (path === 'ranked-below' ? publisher(data) : everyone());
app.publish(flags.ranked ? below(ofRun('app')) : everyone);
if (flags.ranked) app.publish('updated', below(ofRun('app-event')));

const MULTI = {
  none: false, all: true, create: ['create'], 'create+patch': ['create', 'patch'], patch: ['patch'], remove: ['remove'],
};
const PAGES = { none: undefined, '1-2': { default: 1, max: 2 }, 3: { default: 3 }, '10-100': { default: 10, max: 100 } };

for (const [name, id] of [['people', 'id'], ['people-customid', 'customid']]) {
  const store = {};
  let next = 0;
  const counted = { get: () => next, set: (value) => { next = value; } };
  for (const [writes, multi] of Object.entries(MULTI)) {
    for (const [page, paginate] of Object.entries(PAGES)) {
      // The documents and the next id are those of all services over one table.
      const service = Object.assign(new MemoryService({ id, multi, paginate }), { store });
      app.use(`${name}/${writes}/${page}`, Object.defineProperty(service, '_uId', counted));
    }
  }
}

app.use('hooked', { create: hooked });
app.hooks(ofTheApplication);
app.service('hooked').hooks(ofTheService);

const http = createServer((_, response) => response.writeHead(404).end());
app.setup(http).then(() => http.listen(Number(flags.port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
}));

// Whoever started it is gone.
process.on('disconnect', () => process.exit());
