// Calls of the HTTP API, under the key that this tab keeps.

/** What the broker says of itself: paths, whether it needs a key. Set once, by `describe`. */
export let broker;

const KEY = 'callboard.key';

/** A call that failed. `status` is that of HTTP, 0 where there was no answer; `code` is the API's own, where there is one. */
export class CallError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

/** An address below the folder of this page, so that a proxy may serve the broker below a path of its own. */
export const at = (path) => new URL(`.${path}`, document.baseURI);

/** Reads what the broker says of itself. */
export async function describe() {
  broker = await (await ask(at('/console/broker.json'), {})).json();
  return broker;
}

/** Posts a call and returns the response; `signal` ends it. */
export function post(method, params, { signal, as = key.get() } = {}) {
  const headers = { 'Content-Type': 'application/json' };
  if (as) headers['X-API-Key'] = as;
  return ask(at(`${broker.api}/${method}`), { method: 'POST', headers, body: JSON.stringify(params), signal });
}

/** Calls a method and returns its result. */
export async function call(method, params = {}, options = {}) {
  return result(parse(await (await post(method, params, options)).text()));
}

/** JSON as it is written: a number that JavaScript would round stays as it came. */
export function parse(text) {
  const exact = (_, value, context) => {
    const fits = typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value) && Number.isFinite(value);
    return fits || !context?.source || !JSON.rawJSON ? value : JSON.rawJSON(context.source);
  };
  return JSON.parse(text, exact);
}

/** The result in an answer. */
export function result(answer) {
  if (!answer.error) return answer.result;
  const { code, message } = answer.error;
  const hint = HINTS[code];
  throw new CallError(`${message} (${code})${hint ? `: ${hint}` : ''}`, 200, code);
}

const HINTS = {
  100: 'something failed in the broker; its log says what',
  102: 'the config has no namespace for this channel. The namespace of "chat:lobby" is "chat", that of "news" is the one whose name is ""',
  103: 'the rule of this channel does not allow it',
  106: 'a limit of the config is reached',
  107: 'a field is not valid; an empty channel name, for one',
  108: 'this is switched off for the channel',
};

/** The metrics, as the text that Prometheus reads. */
export const metrics = async () => (await ask(at('/metrics'), {})).text();

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, { credentials: 'omit', cache: 'no-store', ...options });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new CallError(`No answer from ${address.origin}: is the broker still running?`, 0);
  }
  if (response.ok) return response;
  if (response.status === 401) {
    document.dispatchEvent(new Event('key-refused'));
    throw new CallError('The API key is missing or wrong', 401);
  }
  const said = (await response.text()).trim();
  throw new CallError(`${response.status}: ${said || response.statusText}`, response.status);
}
