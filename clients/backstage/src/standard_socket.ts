import { EventsError, reasonOf } from './errors.js';
import type { OpenSocket, Socket, SocketEvents } from './socket.js';

/** Milliseconds between two looks at what the socket has passed on; no event tells of it. */
const LOOK = 20;

/** A text that was given to a socket. */
interface Given {
  /** Bytes of all that was given before and with it. */
  readonly end: number;
  readonly taken: () => void;
}

/** The WebSocket of the platform, as pages have it. */
export class StandardSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #given: Given[] = [];
  #bytes = 0;
  #look: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocket, events: SocketEvents) {
    this.#socket = socket;
    socket.onopen = () => events.opened();
    socket.onmessage = ({ data }) => events.message(typeof data === 'string' ? data : undefined);
    // The close tells as much; an error that nobody listens to ends a program of Node where its WebSocket is that of `ws`.
    socket.onerror = () => undefined;
    socket.onclose = ({ code, reason }) => {
      this.#settle();
      clearTimeout(this.#look);
      events.closed(code, reason);
    };
  }

  send(text: string, bytes: number, taken: () => void): void {
    this.#socket.send(text);
    this.#bytes += bytes;
    this.#given.push({ end: this.#bytes, taken });
    this.#look ??= setTimeout(() => this.#again(), LOOK);
  }

  close(): void {
    this.#socket.close(1000);
  }

  cut(): void {
    [this.#socket.onopen, this.#socket.onmessage, this.#socket.onclose] = [null, null, null];
    clearTimeout(this.#look);
    this.#socket.close();
  }

  #again(): void {
    this.#look = undefined;
    this.#settle();
    if (this.#given.length > 0) this.#look ??= setTimeout(() => this.#again(), LOOK);
  }

  /** Tells of the texts that have been passed on; a socket that broke still says how much it had not. */
  #settle(): void {
    const passed = this.#bytes - this.#socket.bufferedAmount;
    while (this.#given[0] && this.#given[0].end <= passed) this.#given.shift()?.taken();
  }
}

/** Opens the platform's WebSocket. A page can set no header, so the token stands in the query, where the broker looks for it, too. */
export const openStandard: OpenSocket = ({ url, token }, events) => {
  if (typeof globalThis.WebSocket !== 'function') throw new EventsError('there is no WebSocket here: this client is for pages');
  const secret = encodeURIComponent(token ?? '');
  try {
    return new StandardSocket(new WebSocket(token === undefined ? url : `${url}?access_token=${secret}`), events);
  } catch (error) {
    // Browsers quote the address, such as one of ws that a page of https asks for.
    throw new EventsError(reasonOf(error).replaceAll(secret || '?', '…'));
  }
};
