'use strict';
// The suite that every store of Feathers must pass, unmodified, through the client. It was written for mocha.
const mocha = require('node:test');
const adapterTests = require('@feathersjs/adapter-tests');
const { io } = require('socket.io-client');
const feathers = require('@feathersjs/client');
const { FIXTURE } = require('./apps');
const { applicationOf } = require('./people');

for (const name of ['describe', 'it', 'before', 'after', 'beforeEach', 'afterEach']) global[name] = mocha[name];

// Left out is what looks at the service as an object of the server and is carried by no wire: its members (`.options`,
// `.events`, `._get` and the like), and that its methods do not call each other (`internal .get` and the like).
const suite = adapterTests([
  '.get', '.get + $select', '.get + id + query', '.get + NotFound', '.get + NotFound (integer)', '.get + id + query id',
  '.find',
  '.remove', '.remove + $select', '.remove + id + query', '.remove + NotFound', '.remove + NotFound (integer)',
  '.remove + multi', '.remove + multi no pagination', '.remove + id + query id',
  '.update', '.update + $select', '.update + id + query', '.update + NotFound', '.update + NotFound (integer)',
  '.update + query + NotFound', '.update + id + query id',
  '.patch', '.patch + $select', '.patch + id + query', '.patch multiple', '.patch multiple no pagination',
  '.patch multi query same', '.patch multi query changed', '.patch + NotFound', '.patch + NotFound (integer)',
  '.patch + query + NotFound', '.patch + id + query id',
  '.create', '.create + $select', '.create multi', '.create ignores query',
  '.find + equal', '.find + equal multiple', '.find + $sort', '.find + $sort + string', '.find + $limit',
  '.find + $limit 0', '.find + $skip', '.find + $select', '.find + $or', '.find + $in', '.find + $nin', '.find + $lt',
  '.find + $lte', '.find + $gt', '.find + $gte', '.find + $ne', '.find + $gt + $lt + $sort', '.find + $or nested + $sort',
  '.find + $and', '.find + $and + $or',
  'params.adapter + paginate', 'params.adapter + multi',
  '.find + paginate', '.find + paginate + query', '.find + paginate + $limit + $skip', '.find + paginate + $limit 0',
  '.find + paginate + params',
]);

// Not `client`: that lasts as long as one test.
const socket = io(FIXTURE, { transports: ['websocket'], autoConnect: false });
mocha.before(() => socket.connect());
mocha.after(() => socket.close());

// In memory, and in the databases that the fixture was started with.
const stores = ['', ...(process.env.TEST_FEATHERS_STORES ?? '').split(',').filter(Boolean).map((name) => `${name}-`)];
const ids = Object.fromEntries(stores.flatMap((store) => [[`${store}people`, 'id'], [`${store}people-customid`, 'customid']]));
const app = applicationOf(feathers().configure(feathers.socketio(socket)), ids);
for (const [name, id] of Object.entries(ids)) suite(app, feathers.errors, name, id);
