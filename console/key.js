// Asks for the API key. It stays in this tab's storage and is gone with the tab.
import { call, key } from './api.js';
import { el, field, problem } from './dom.js';

/** So many wrong keys are told at once; then each takes twice as long as the one before. */
const FREE = 5;
const FIRST_WAIT = 5;
const LONGEST_WAIT = 300;
const WRONG = 'callboard.wrong-keys';
const UNTIL = 'callboard.wait-until';

const stored = (name) => Number(sessionStorage.getItem(name) ?? 0);

/** A form that calls `entered` once a key is accepted. */
export function keyForm(entered) {
  const input = el('input', { type: 'password', autocomplete: 'off', required: true, spellcheck: 'false' });
  const button = el('button', { type: 'submit', class: 'main' }, 'Open the console');
  const error = problem();

  const wait = () => {
    const left = Math.ceil((stored(UNTIL) - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Wait ${left} s` : 'Open the console';
    if (left > 0) setTimeout(wait, 250);
  };

  const refused = () => {
    const wrong = stored(WRONG) + 1;
    sessionStorage.setItem(WRONG, wrong);
    if (wrong >= FREE) {
      const seconds = Math.min(FIRST_WAIT * 2 ** (wrong - FREE), LONGEST_WAIT);
      sessionStorage.setItem(UNTIL, Date.now() + seconds * 1000);
    }
    error.show(`This key is wrong (${wrong} so far). It is api.key of the broker's config.`);
    input.select();
    wait();
  };

  const submit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    error.show('');
    try {
      // A header holds no other letters.
      if (/[^\x20-\x7e]/.test(input.value)) throw Object.assign(new Error(), { status: 401 });
      await call('info', {}, { as: input.value });
    } catch (failure) {
      button.disabled = false;
      if (failure.status === 401) refused();
      else error.show(failure.message);
      return;
    }
    [WRONG, UNTIL].forEach((name) => sessionStorage.removeItem(name));
    key.set(input.value);
    entered();
  };

  const hint = 'api.key of the config. Only this tab keeps it, until it is closed.';
  const form = el('form', { class: 'card narrow', onsubmit: submit },
    el('h1', {}, 'API key'), field('Key', input, hint), error.element, button);
  wait();
  queueMicrotask(() => input.focus());
  return form;
}
