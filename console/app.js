// The console: which view is shown, and the key it needs.
import { broker, describe, key } from './api.js';
import { el, say } from './dom.js';
import { keyForm } from './key.js';
import { channels } from './views/channels.js';
import { nodes } from './views/nodes.js';
import { rates } from './views/rates.js';
import { sessions } from './views/sessions.js';
import { start } from './views/start.js';
import { tail } from './views/tail.js';

/** By the word in the address. A view takes the rest of the address, returns its element, and may return how it ends. */
const VIEWS = {
  start: ['Start', start],
  tail: ['Live tail', tail],
  channels: ['Channels', channels],
  sessions: ['Sessions', sessions],
  nodes: ['Nodes', nodes],
  rates: ['Rates', rates],
};

const place = document.getElementById('view');
const nav = document.getElementById('nav');
const forget = document.getElementById('forget');
let leave;

/** `#channels/news` is the view `channels` with the argument `news`. */
function where() {
  const [name, ...rest] = location.hash.slice(1).split('/');
  return [name in VIEWS ? name : 'start', rest.map(decodeURIComponent)];
}

function show(element, title) {
  leave?.();
  leave = undefined;
  document.title = `${title} · Callboard`;
  place.replaceChildren(element);
}

function route() {
  if (location.hash === '#view') return place.focus();
  const [name, rest] = where();
  for (const link of nav.children) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  say('');
  forget.hidden = !key.get();
  if (broker.needs_key && !key.get()) return show(keyForm(route), 'API key');
  const [title, view] = VIEWS[name];
  const { element, end } = view(...rest);
  show(element, title);
  leave = end;
}

async function open() {
  try {
    await describe();
  } catch (error) {
    return show(el('p', { class: 'problem', role: 'alert' }, error.message), 'No answer');
  }
  document.getElementById('version').textContent = broker.version;
  nav.append(...Object.entries(VIEWS).map(([name, [title]]) => el('a', { href: `#${name}` }, title)));
  forget.addEventListener('click', () => {
    key.forget();
    route();
  });
  // A key that was good is not any more.
  document.addEventListener('key-refused', () => {
    if (!key.get()) return;
    key.forget();
    broker.needs_key = true;
    route();
    say('The API key is no longer valid');
  });
  addEventListener('hashchange', () => {
    route();
    place.focus();
  });
  route();
}

open();
