'use strict';
// JSON Web Tokens as an application's backend would issue them, and as a forger would.
const { createHmac } = require('node:crypto');

const SECRET = process.env.TEST_SECRET;
if (!SECRET) throw new Error('TEST_SECRET is not set: run these tests through `cargo test --test clients`');

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Seconds since 1970, `offset` seconds from now. */
const seconds = (offset = 0) => Math.floor(Date.now() / 1000) + offset;

/** A token with these claims, signed with HMAC-SHA256. */
function sign(claims, secret = SECRET, header = { alg: 'HS256', typ: 'JWT' }) {
  const unsigned = `${encode(header)}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
}

/** A token that says of itself that nobody signed it. */
const unsigned = (claims) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;

/** A connection token of a user, good for an hour unless the claims say otherwise. */
const connection = (user, claims = {}) => sign({ sub: user, exp: seconds(3600), ...claims });

/** A subscription token of a user for a channel, good for an hour unless the claims say otherwise. */
const subscription = (user, channel, claims = {}) => sign({ sub: user, channel, exp: seconds(3600), ...claims });

module.exports = { sign, unsigned, connection, subscription, seconds };
