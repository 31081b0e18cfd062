// Channels with their listeners, and one channel with its history.
import { call } from '../api.js';
import { act, el, field, loading, payload, table } from '../dom.js';
import { sessionTable } from './sessions.js';

/** The most channels that are listed on the page. */
const LISTED = 500;
/** How many events of a history, and how many listeners, are shown. */
const RECENT = 50;

const link = (name) => el('a', { href: `#channels/${encodeURIComponent(name)}` }, name);

export function channels(name) {
  return name === undefined ? list() : one(name);
}

function list() {
  const pattern = el('input', { value: '', autocomplete: 'off', spellcheck: 'false' });
  const other = el('input', { autocomplete: 'off', spellcheck: 'false', required: true });
  const found = loading(async () => {
    const { channels: all, missing } = await call('channels', { pattern: pattern.value });
    const names = Object.keys(all);
    const rows = names.slice(0, LISTED).map((channel) => [link(channel), String(all[channel].num_clients)]);
    return [
      el('p', { class: 'soft' }, names.length > LISTED ? `The first ${LISTED} of ${names.length} channels` : `${names.length} with listeners`,
        missing ? `; no answer from ${missing.join(', ')}` : ''),
      rows.length ? table('Channels', ['Channel', 'Listeners'], rows) : undefined,
    ];
  });
  const show = (event) => {
    event.preventDefault();
    found.refresh();
  };
  const open = (event) => {
    event.preventDefault();
    location.hash = `#channels/${encodeURIComponent(other.value)}`;
  };
  const element = el('section', { class: 'card' }, el('h1', {}, 'Channels'),
    el('form', { class: 'bar', onsubmit: show }, field('Pattern', pattern, '* stands for any characters'), el('button', { type: 'submit' }, 'Refresh')),
    el('form', { class: 'bar', onsubmit: open }, field('Channel', other, 'one without listeners may have a history'), el('button', { type: 'submit' }, 'Open')),
    found.element);
  return { element };
}

function one(channel) {
  const history = loading(async () => {
    const { publications = [], offset = 0, epoch } = await call('history', { channel, limit: RECENT, reverse: true });
    const rows = publications.map((event) => [String(event.offset), payload(event.data), event.info?.user ?? '']);
    return [
      el('p', { class: 'soft' }, `At number ${offset} of epoch ${epoch}`),
      rows.length ? table('History, newest first', ['Number', 'Event', 'Published by'], rows) : el('p', {}, 'No event is kept.'),
    ];
  });
  const listeners = loading(async () => {
    const { connections, total } = await call('connections', { channel, limit: RECENT });
    return [el('p', { class: 'soft' }, `${total} sessions`), connections.length ? sessionTable(connections) : undefined];
  });
  const clear = act('Remove the history', `Remove the history of ${channel}?`, 'history_remove', () => ({ channel }), history.refresh);
  const place = encodeURIComponent(channel);
  const element = el('div', {},
    el('h1', {}, 'Channel ', el('code', {}, channel)),
    el('p', { class: 'bar' }, el('a', { href: `#start/${place}` }, 'Listen and publish'), el('a', { href: `#tail/${place}` }, 'Live tail')),
    el('section', { class: 'card' }, el('h2', {}, 'History'), history.element, clear),
    el('section', { class: 'card' }, el('h2', {}, 'Listeners'), listeners.element));
  return { element };
}
