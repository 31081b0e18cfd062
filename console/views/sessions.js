// Who is connected, and one session in full.
import { call } from '../api.js';
import { act, el, field, loading, table } from '../dom.js';

/** How many sessions are listed. */
const LISTED = 200;

/** How a session is connected, in a few words; sessions that server code opened are not. */
const over = ({ transport }) => (transport ? `${transport.wire} over ${transport.carrier}` : 'in the process');

/** Sessions as a table. */
export function sessionTable(sessions) {
  const rows = sessions.map((session) => [
    el('a', { href: `#sessions/${session.client}` }, session.client), session.user || '(anonymous)', session.kind, over(session),
    session.subscriptions.map(({ channel }) => channel).join(', '),
  ]);
  return table('Sessions', ['Session', 'User', 'Kind', 'Transport', 'Subscriptions'], rows);
}

export function sessions(client) {
  return client === undefined ? list() : one(client);
}

function list() {
  const user = el('input', { autocomplete: 'off', spellcheck: 'false' });
  const found = loading(async () => {
    const { connections, total, truncated } = await call('connections', { user: user.value, limit: LISTED });
    return [
      el('p', { class: 'soft' }, truncated ? `${connections.length} of ${total} sessions` : `${total} sessions`),
      connections.length ? sessionTable(connections) : undefined,
    ];
  });
  const show = (event) => {
    event.preventDefault();
    found.refresh();
  };
  const element = el('section', { class: 'card' }, el('h1', {}, 'Sessions'),
    el('form', { class: 'bar', onsubmit: show }, field('User (empty: all)', user), el('button', { type: 'submit' }, 'Refresh')),
    found.element);
  return { element };
}

/** A value of a session as text. */
const shown = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function one(client) {
  const found = loading(async () => {
    const { connections: [session] } = await call('connections', { client });
    if (!session) return el('p', {}, 'This session has ended.');
    const { subscriptions, transport, ...rest } = session;
    return [facts(rest), actions(rest), el('h2', {}, 'Transport'), transport ? facts(path(transport)) : el('p', {}, 'None: server code opened it.'),
      el('h2', {}, 'Subscriptions'), subscriptions.length ? subscriptionTable(rest, subscriptions) : el('p', {}, 'None')];
  });

  const path = ({ queue, encrypted, ...rest }) => {
    const full = Math.ceil((queue.bytes / queue.limit) * 100);
    return {
      ...rest,
      encrypted: encrypted ? 'yes' : 'no',
      queue: `${queue.messages} messages, ${queue.bytes.toLocaleString('en')} of ${queue.limit.toLocaleString('en')} bytes (${full} %)`,
    };
  };

  const facts = (session) => el('dl', {}, Object.entries(session).map(([name, value]) => [
    el('dt', {}, name), el('dd', {}, value === '' ? '(empty)' : shown(value)),
  ]));

  const actions = ({ user, realm }) => el('p', { class: 'bar' },
    act('Disconnect', 'Disconnect this session? Its client will not come back by itself.', 'disconnect', () => ({ user, client }), found.refresh),
    user ? act('Revoke the user’s tokens', `Revoke all tokens of ${user}? The user needs a new one.`, 'revoke', () => ({ user, realm }), found.refresh) : undefined);

  const subscriptionTable = ({ user }, subscriptions) => table('Subscriptions', ['Channel', 'Space', 'Topics', ''],
    subscriptions.map(({ space, channel, topics = [] }) => [
      space === 'user' ? el('a', { href: `#channels/${encodeURIComponent(channel)}` }, channel) : channel, space, topics.join(', '),
      space === 'user' ? act(`Unsubscribe from ${channel}`, `End this subscription to ${channel}?`, 'unsubscribe', () => ({ user, client, channel }), found.refresh) : '',
    ]));

  const element = el('section', { class: 'card' }, el('h1', {}, 'Session'), found.element,
    el('button', { type: 'button', onclick: () => found.refresh() }, 'Refresh'));
  return { element };
}
