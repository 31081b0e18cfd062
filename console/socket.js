// A client of the Centrifuge protocol in JSON, as far as listening to one channel goes.
import { parse } from './api.js';

/** Between tries, in milliseconds; each waits twice as long as the one before, up to the last. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** Codes from here to the next thousand or half of it say: do not come back. */
const isFinal = (code) => (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);

/**
 * Listens to a channel until the returned function is called. `on.listening()`, `on.event(publication)`, `on.lost(reason)`
 * (it tries again) and `on.refused(reason)` (it does not).
 */
export function listen(url, channel, on) {
  let socket;
  let timer;
  let wait = FIRST_WAIT;
  let ended = false;

  const end = () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
  const refuse = (reason) => {
    end();
    on.refused(reason);
  };

  const take = (text) => {
    const reply = parse(text);
    if (reply.error) return refuse(`${reply.error.message} (${reply.error.code})`);
    if (reply.subscribe || reply.id === 2) {
      wait = FIRST_WAIT;
      return on.listening();
    }
    if (reply.push?.pub) return on.event(reply.push.pub);
    if (reply.push?.unsubscribe) return socket.close();
    // An empty object is a heartbeat, to be answered with one.
    if (!reply.id && !reply.push) socket.send('{}');
  };

  const open = () => {
    socket = new WebSocket(url);
    socket.onopen = () => socket.send(
      [{ id: 1, connect: { name: 'console' } }, { id: 2, subscribe: { channel } }].map((c) => JSON.stringify(c)).join('\n'),
    );
    socket.onmessage = ({ data }) => data.split('\n').forEach((line) => ended || take(line));
    socket.onclose = ({ code, reason }) => {
      if (ended) return;
      const why = reason ? `${reason} (${code})` : `no connection to ${url}`;
      if (isFinal(code)) return refuse(why);
      on.lost(why);
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  open();
  return end;
}
