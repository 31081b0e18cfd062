import type { IncomingMessage } from 'node:http';
import type { RawData, WebSocket as Ws } from 'ws';
import { EventsError, reasonOf } from './errors.js';
import type { OpenSocket, Socket, SocketEvents, SocketRequest } from './socket.js';
import { StandardSocket } from './standard_socket.js';

const HINTS: Readonly<Record<number, string>> = {
  401:
    '; the broker does not take this token: has it expired, is it a service token, does `[backstage.auth]` in the broker\'s config ' +
    'know who issued it?',
  404:
    '; no events are here: look at `backend.baseUrl` and `backend.events.endpoint`, and at `events` and `events_path` of ' +
    '`[backstage]` in the broker\'s config',
};

/** A WebSocket of the package `ws`. */
class WsSocket implements Socket {
  readonly #socket: Ws;
  readonly #silence: ReturnType<typeof setTimeout>;
  #failure: string | undefined;
  #isSilent = false;

  constructor(socket: Ws, { silence }: SocketRequest, events: SocketEvents) {
    this.#socket = socket;
    this.#silence = setTimeout(() => {
      this.#isSilent = true;
      // After what came while the program was busy has been read.
      setImmediate(() => this.#leaveSilent(silence));
    }, silence);
    socket.on('open', () => events.opened());
    socket.on('ping', () => this.#heard());
    socket.on('message', (data: RawData, isBinary: boolean) => {
      this.#heard();
      // Texts come as one buffer: `binaryType` is not changed.
      events.message(isBinary ? undefined : data.toString());
    });
    socket.on('unexpected-response', (_: unknown, { statusCode = 0 }: IncomingMessage) => {
      this.#failure = `answered ${statusCode}${HINTS[statusCode] ?? ''}`;
      socket.terminate();
    });
    socket.on('error', (error: Error) => {
      this.#failure ??= reasonOf(error) || 'is the broker running, and there?';
    });
    socket.on('close', (code: number, reason: Buffer) => {
      clearTimeout(this.#silence);
      events.closed(code, reason.toString(), this.#failure);
    });
  }

  #heard(): void {
    this.#isSilent = false;
    this.#silence.refresh();
  }

  #leaveSilent(silence: number): void {
    if (!this.#isSilent) return;
    this.#failure = `the broker was silent for ${silence} ms`;
    this.#socket.terminate();
  }

  send(text: string, _bytes: number, taken: () => void): void {
    this.#socket.send(text, (error) => {
      if (!error) taken();
    });
  }

  close(): void {
    this.#socket.close(1000);
  }

  cut(): void {
    clearTimeout(this.#silence);
    this.#socket.removeAllListeners();
    // One that is cut while it connects tells of it as an error.
    this.#socket.on('error', () => undefined);
    this.#socket.terminate();
  }
}

/** Opens a socket of a backend, which shows its token in a header: by `ws`, or else by the platform's own WebSocket. */
export const openInNode: OpenSocket = async (request, events) => {
  const { url, token, maxMessage } = request;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.trim()}` };
  const { WebSocket: Ws } = (await installed()) ?? {};
  if (Ws) return new WsSocket(new Ws(url, { headers, maxPayload: maxMessage, followRedirects: false }), request, events);
  if (typeof globalThis.WebSocket !== 'function') {
    throw new EventsError('this version of Node has no WebSocket: install the package `ws`, or use Node 22 or later');
  }
  // Node takes headers where a page's WebSocket takes subprotocols.
  return new StandardSocket(new WebSocket(url, { headers } as unknown as string[]), events);
};

let ws: Promise<typeof import('ws') | undefined> | undefined;

/** The package `ws`; nothing where it is not installed. */
function installed(): Promise<typeof import('ws') | undefined> {
  ws ??= import('ws').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  });
  return ws;
}
