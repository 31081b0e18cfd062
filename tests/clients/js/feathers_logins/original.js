'use strict';
// The application `examples/feathers_logins.rs`, on Feathers itself.
//   node original.js
const { randomBytes } = require('node:crypto');
const { feathers } = require('@feathersjs/feathers');
const { default: express, rest, json, notFound, errorHandler } = require('@feathersjs/express');
const socketio = require('@feathersjs/socketio');
const { memory } = require('@feathersjs/memory');
const { AuthenticationService, JWTStrategy, authenticate } = require('@feathersjs/authentication');
const { LocalStrategy, hooks: { hashPassword, protect } } = require('@feathersjs/authentication-local');

const app = express(feathers());
app.set('authentication', {
  service: 'users',
  entity: 'user',
  secret: randomBytes(32).toString('hex'),
  authStrategies: ['local', 'jwt'],
  local: { usernameField: 'email', passwordField: 'password' },
});
app.use(json());
app.configure(rest());
app.configure(socketio());

const authentication = new AuthenticationService(app);
authentication.register('local', new LocalStrategy());
authentication.register('jwt', new JWTStrategy());
app.use('authentication', authentication);

const oneself = async (context) => {
  if (context.params.provider) context.params.query = { ...context.params.query, id: context.params.user.id };
};
app.use('users', memory({ startId: 1 }));
app.service('users').hooks({
  before: {
    ...Object.fromEntries(['find', 'get', 'update', 'patch', 'remove'].map((method) => [method, [authenticate('jwt'), oneself]])),
    create: [hashPassword('password')],
  },
  after: { all: [protect('password')] },
});
app.service('users').publish((user) => app.channel(`user ${user.id}`));

app.use('messages', memory({ startId: 1 }));
app.service('messages').hooks({
  before: {
    all: [authenticate('jwt')],
    create: [async ({ data, params: { user } }) => { Object.assign(data, { by: user.email, company: user.company }); }],
  },
});
app.service('messages').publish(({ company }) => app.channel('users').filter(({ user }) => user.company === company));

app.on('login', ({ user }, { connection }) => {
  if (connection) for (const name of ['users', `user ${user.id}`]) app.channel(name).join(connection);
});
app.use(notFound());
app.use(errorHandler({ logger: false }));
app.listen(0).then((server) => console.log(`listening on http://127.0.0.1:${server.address().port}`));
