// Elements from text. Whatever comes from outside goes in as text, never as markup.
import { call } from './api.js';

/** An element: `props` are its attributes, those that begin with `on` its listeners; children are elements or texts. */
export function el(name, props = {}, ...children) {
  return fill(document.createElement(name), props, children);
}

/** The same for a drawing. */
export function svg(name, props = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), props, children);
}

function fill(element, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return element;
}

let ids = 0;

/** A labelled field. `input` is the element that is labelled. */
export function field(label, input, hint) {
  ids += 1;
  input.id ||= `field-${ids}`;
  const note = hint && el('small', { id: `${input.id}-hint` }, hint);
  if (note) input.setAttribute('aria-describedby', note.id);
  return el('div', { class: 'field' }, el('label', { for: input.id }, label), input, note);
}

/** What is said at the foot of the page, for screen readers too. */
export function say(text) {
  document.getElementById('status').textContent = text;
}

/** A place for an error; empty until `show`. */
export function problem() {
  const element = el('p', { class: 'problem', role: 'alert', hidden: true });
  return {
    element,
    show(text) {
      element.textContent = text;
      element.hidden = !text;
    },
  };
}

/** A button that copies a text. */
export function copyButton(text, what) {
  const copy = async ({ currentTarget }) => {
    try {
      await navigator.clipboard.writeText(text);
      say(`Copied ${what}`);
    } catch {
      // Without HTTPS, beyond localhost, there is no clipboard for pages.
      const code = currentTarget.parentElement.querySelector('code');
      getSelection().selectAllChildren(code);
      say('Selected: copy with the keyboard or the menu');
    }
  };
  return el('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what}`, onclick: copy }, 'Copy');
}

/** A table that scrolls by itself on a narrow screen. */
export function table(caption, heads, rows) {
  const head = el('tr', {}, heads.map((text) => el('th', { scope: 'col' }, text)));
  const body = rows.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell))));
  const inner = el('table', {}, el('caption', {}, caption), el('thead', {}, head), el('tbody', {}, body));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, inner);
}

/** How much of a payload is shown at first. */
const SHOWN = 2000;

/** A payload as text: its beginning, and the rest when asked for. */
export function payload(data) {
  const text = JSON.stringify(data);
  const code = el('code', { class: 'payload' }, text.slice(0, SHOWN));
  if (text.length <= SHOWN) return code;
  const whole = () => {
    code.textContent = text;
  };
  const button = el('button', { type: 'button', onclick: whole }, `Show all ${text.length.toLocaleString('en')} characters`);
  return el('span', {}, code, ' … ', button);
}

/** A time of day with milliseconds. */
export function clock(time = Date.now()) {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A place that is filled by what `load` returns, or by its error; `refresh` loads again. */
export function loading(load) {
  const error = problem();
  const inner = el('div', {}, el('p', {}, 'Loading'));
  const refresh = async () => {
    try {
      const loaded = await load();
      inner.replaceChildren(...[loaded].flat(Infinity).filter(Boolean));
      error.show('');
    } catch (failure) {
      if (inner.textContent === 'Loading') inner.replaceChildren();
      error.show(failure.message);
    }
  };
  refresh();
  return { element: el('div', {}, error.element, inner), refresh };
}

/** A button that calls a method after asking whether that is meant. */
export function act(title, question, method, params, done) {
  const run = async () => {
    if (!confirm(question)) return;
    try {
      await call(method, params());
      say(`Done: ${title}`);
    } catch (failure) {
      say(failure.message);
    }
    done();
  };
  return el('button', { type: 'button', class: 'danger', onclick: run }, title);
}

/** Runs a task again and again while the page is looked at; the returned function ends that. */
export function every(milliseconds, task) {
  const timer = setInterval(() => document.hidden || task(), milliseconds);
  return () => clearInterval(timer);
}
