// The first view: where to connect, and a first event.
import { at, broker, call } from '../api.js';
import { clock, copyButton, el, field, payload, problem, say } from '../dom.js';
import { snippets } from '../snippets.js';
import { listen } from '../socket.js';
import { follow } from './tail.js';

/** The most events that are kept on the page. */
const KEPT = 100;

/** The addresses of this broker, as this page reaches it. */
function addresses() {
  const clients = at('/');
  if (broker.clients) {
    clients.pathname = '/';
    clients.protocol = broker.clients.tls ? 'https:' : 'http:';
    clients.port = broker.clients.port;
  }
  const below = (path) => new URL(`.${path}`, clients);
  const websocket = below(broker.websocket);
  websocket.protocol = clients.protocol.replace('http', 'ws');
  const socketio = broker.socketio.map(below).map(({ origin, pathname: path }) => ({ origin, path }));
  return { websocket: websocket.href, socketio, api: at(broker.api || '/').href.replace(/\/$/, '') };
}

/** A channel to listen to, and a box to publish. */
function firstEvent({ websocket }, name) {
  const channel = el('input', { value: name, required: true, autocomplete: 'off', spellcheck: 'false' });
  const data = el('textarea', { rows: '3', value: '{"hello":1}', spellcheck: 'false' });
  const state = el('p', { class: 'state', role: 'status' });
  const list = el('ol', { class: 'events', role: 'log', 'aria-label': 'Events', tabindex: '0' });
  const error = problem();
  let stop;

  const on = {
    listening: () => { state.textContent = `Listening to ${channel.value}`; },
    lost: (reason) => { state.textContent = `Connection lost: ${reason}. Trying again.`; },
    refused: (reason) => { state.textContent = `Not listening: ${reason}`; },
    ended: (reason) => { state.textContent = `Not listening: ${reason}`; },
    event: (publication) => {
      list.prepend(el('li', {}, el('time', {}, clock()), ' ', payload(publication.data)));
      while (list.children.length > KEPT) list.lastChild.remove();
    },
  };
  const begin = (event) => {
    event?.preventDefault();
    stop?.();
    list.replaceChildren();
    state.textContent = 'Connecting';
    // As clients do where they may; else, without a token or on another address, through the API.
    const asClient = broker.anonymous && !broker.clients;
    stop = asClient ? listen(websocket, channel.value, on) : follow({ channel: channel.value }, on);
  };
  const publish = async (event) => {
    event.preventDefault();
    error.show('');
    let parsed;
    try {
      parsed = JSON.parse(data.value);
    } catch {
      return error.show('This is not valid JSON. A text is put in double quotes: "hello"');
    }
    try {
      const { offset } = await call('publish', { channel: channel.value, data: parsed });
      say(offset ? `Published to ${channel.value} as number ${offset}` : `Published to ${channel.value}`);
    } catch (failure) {
      error.show(failure.message);
    }
  };
  begin();

  const element = el('section', { class: 'card', 'aria-labelledby': 'first' },
    el('h2', { id: 'first' }, 'See an event'),
    el('div', { class: 'pair' },
      el('form', { onsubmit: begin }, field('Channel', channel), el('button', { type: 'submit' }, 'Listen')),
      el('form', { onsubmit: publish }, field('Event (JSON)', data), error.element,
        el('button', { type: 'submit', class: 'main' }, 'Publish'))),
    state, list);
  return { element, end: () => stop?.() };
}

function address(what, text) {
  return [el('dt', {}, what), el('dd', {}, el('code', {}, text), ' ', copyButton(text, `the ${what} address`))];
}

function snippet([title, text]) {
  return el('details', {}, el('summary', {}, title),
    el('div', { class: 'snippet' }, copyButton(text, `the ${title} snippet`), el('pre', { tabindex: '0' }, el('code', {}, text))));
}

export function start(channel = 'news') {
  const known = addresses();
  const event = firstEvent(known, channel);
  const connect = el('section', { class: 'card', 'aria-labelledby': 'connect' },
    el('h2', { id: 'connect' }, 'Connect'),
    el('dl', {}, address('WebSocket', known.websocket),
      known.socketio.map(({ origin, path }) => address('Socket.IO', `${origin}${path}`)), address('HTTP API', known.api)),
    broker.anonymous ? undefined : el('p', {}, 'Clients need a token: ', el('code', {}, 'callboard token connection --user 42')),
    el('p', {}, 'Pages of other origins may connect once ', el('code', {}, 'auth.origins'), ' lists them.'),
    snippets({ ...known, needsKey: broker.needs_key, anonymous: broker.anonymous }).map(snippet));
  return { element: el('div', {}, el('h1', { class: 'hidden' }, 'Start'), event.element, connect), end: event.end };
}
