'use strict';
// Logins, logouts and what is between them.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { URL, ours, overSocket, overHttp, onEveryWay, told, failure, somebody, within } = require('./apps');

/** The claims of a token. */
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

onEveryWay('who signs up can log in, and calls are theirs from then on', async (client) => {
  const app = client();
  const { user, login } = await somebody(app);
  assert.deepEqual(Object.keys(user).sort(), ['company', 'email', 'id']);
  const refused = await failure(app.service('messages').create({ text: 'a' }));
  assert.deepEqual([refused.name, refused.code, refused.message], ['NotAuthenticated', 401, 'Not authenticated']);
  const result = await app.authenticate(login);
  assert.deepEqual(result.user, user);
  assert.equal(result.authentication.strategy, 'local');
  const { sub, aud, iss, iat, exp, jti } = claims(result.accessToken);
  assert.deepEqual(result.authentication.payload, { sub, aud, iss, iat, exp, jti });
  assert.deepEqual([sub, aud, iss, exp - iat], [String(user.id), 'https://yourdomain.com', 'feathers', 86_400]);
  assert.equal(app.kept.getItem('feathers-jwt'), result.accessToken);
  const message = await app.service('messages').create({ text: 'a', by: 'somebody else' });
  assert.deepEqual([message.text, message.by], ['a', user.email]);
});

onEveryWay('a login that is not right has the words of the original and leaves nothing behind', async (client) => {
  const app = client();
  const { login } = await somebody(app);
  const words = async (data) => {
    const { name, code, message } = await failure(app.service('authentication').create(data));
    assert.deepEqual([name, code], ['NotAuthenticated', 401]);
    return message;
  };
  assert.equal(await words({ ...login, password: 'wrong' }), 'Invalid login');
  assert.equal(await words({ ...login, email: 'nobody@example.com' }), 'Invalid login');
  assert.equal(await words({ strategy: 'local' }), 'Invalid login');
  assert.equal(await words({}), 'Invalid authentication information (no `strategy` set)');
  assert.equal(await words({ strategy: 'x' }), 'Invalid authentication information (strategy not allowed in authStrategies)');
  assert.equal(await words({ strategy: 'jwt' }), 'No access token');
  assert.equal(await words({ strategy: 'jwt', accessToken: 'x' }), 'jwt malformed');
  assert.equal(await words({ strategy: 'jwt', accessToken: 'a.b.c' }), 'invalid token');
  assert.match((await failure(app.authenticate({ ...login, password: 'wrong' }))).message, /Invalid login/);
  assert.equal(app.kept.getItem('feathers-jwt'), null);
  assert.equal((await failure(app.reAuthenticate())).message, 'No accessToken found in storage');
});

onEveryWay('a token that was kept logs in again, and one of another signer does not', async (client) => {
  const first = client();
  const { user, login } = await somebody(first);
  const { accessToken } = await first.authenticate(login);
  const second = client();
  second.kept.setItem('feathers-jwt', accessToken);
  const again = await second.reAuthenticate();
  assert.deepEqual([again.user, again.accessToken], [user, accessToken]);
  assert.deepEqual([again.authentication.strategy, again.authentication.accessToken], ['jwt', accessToken]);
  assert.equal((await second.service('messages').create({ text: 'b' })).by, user.email);
  const third = client();
  third.kept.setItem('feathers-jwt', `${accessToken.slice(0, -8)}AAAAAAAA`);
  assert.equal((await failure(third.reAuthenticate())).message, 'invalid signature');
  assert.equal(third.kept.getItem('feathers-jwt'), null);
});

onEveryWay('who logs out is nobody again', async (client) => {
  const app = client();
  const { user, login } = await somebody(app);
  await app.authenticate(login);
  assert.deepEqual((await app.logout()).user, user);
  assert.equal(app.kept.getItem('feathers-jwt'), null);
  assert.equal((await failure(app.service('messages').create({ text: 'c' }))).name, 'NotAuthenticated');
  await app.authenticate(login);
  assert.equal((await app.service('messages').create({ text: 'd' })).by, user.email);
});

test('messages of one\'s company appear live until the logout, however they were written', async () => {
  const [ann, bob, eve, writer] = [overSocket(), overSocket(), overSocket(), overHttp()];
  const { user, login } = await somebody(ann);
  const of = async (app, more) => app.authenticate((await somebody(app, more)).login);
  await Promise.all([ann.authenticate(login), of(bob, { company: user.company }), of(eve), writer.authenticate(login)]);
  const others = [];
  eve.service('messages').on('created', (message) => others.push(message));
  for (const from of [ann, writer]) {
    const both = [ann, bob].map((app) => told(app.service('messages'), 'created'));
    const message = await from.service('messages').create({ text: 'hello' });
    assert.deepEqual(await Promise.all(both), [message, message]);
  }
  await bob.logout();
  const late = [];
  bob.service('messages').on('created', (message) => late.push(message));
  const here = told(ann.service('messages'), 'created');
  await ann.service('messages').create({ text: 'gone' });
  await here;
  // Whatever was for them came before the answers to these.
  await Promise.all([eve.service('messages').find(), failure(bob.service('messages').find())]);
  assert.deepEqual([others, late], [[], []]);
});

test('after a reconnect the client logs in again by itself, and calls made meanwhile are the user\'s', async () => {
  const app = overSocket();
  const { user, login } = await somebody(app);
  await app.authenticate(login);
  const back = told(app.io, 'connect');
  app.io.io.engine.close();
  await back;
  await within((async () => {
    while (!(await app.get('authentication')?.catch(() => null))) await new Promise((resolve) => { setTimeout(resolve, 10); });
  })(), 'the login');
  assert.equal((await app.service('messages').create({ text: 'back' })).by, user.email);
  const message = told(app.service('messages'), 'created');
  await app.service('messages').create({ text: 'live' });
  assert.equal((await message).text, 'live');
});

test('the header of the handshake logs in', async () => {
  const first = overHttp();
  const { user, login } = await somebody(first);
  const { accessToken } = await first.authenticate(login);
  for (const Authorization of [`Bearer ${accessToken}`, accessToken]) {
    const app = overSocket({ extraHeaders: { Authorization } });
    assert.equal((await app.service('messages').create({ text: 'e' })).by, user.email);
  }
  const app = overSocket({ extraHeaders: { Authorization: 'Bearer nonsense' } });
  await told(app.io, 'connect_error');
});

test('a request with a token that is not good is refused, and a login with one is not', async () => {
  const app = overHttp();
  const { login } = await somebody(app);
  const headers = { authorization: 'Bearer a.b.c', 'content-type': 'application/json' };
  const refused = await fetch(`${URL}/messages`, { headers });
  assert.equal(refused.status, 401);
  assert.equal((await refused.json()).name, 'NotAuthenticated');
  const created = await fetch(`${URL}/authentication`, { method: 'POST', headers, body: JSON.stringify(login) });
  assert.equal(created.status, 201);
});

onEveryWay('the password of a user is nowhere, and can be changed', async (client) => {
  const app = client();
  const { user, login } = await somebody(app);
  await app.authenticate(login);
  const users = app.service('users');
  const seen = [await users.get(user.id), await users.find(), await users.patch(user.id, { password: 'battery staple' })];
  assert.deepEqual(seen, [user, [user], user]);
  if (process.env.TEST_FEATHERS_ORIGINAL === '1') return;
  assert.equal((await failure(users.find({ query: { password: { $ne: '' } } }))).name, 'BadRequest');
  assert.equal((await failure(app.service('authentication').create(login))).message, 'Invalid login');
  await app.service('authentication').create({ ...login, password: 'battery staple' });
});

ours('a user name that is a query finds nobody', async () => {
  const app = overSocket();
  const { login } = await somebody(app);
  assert.equal((await failure(app.service('authentication').create({ ...login, email: { $ne: null } }))).message, 'Invalid login');
});
