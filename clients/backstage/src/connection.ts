import { reasonOf } from './errors.js';
import type { Kept, KeptPublishes } from './kept.js';
import type { OpenSocket, Socket, SocketEvents, SocketRequest } from './socket.js';
import { type Subscriptions, Told } from './subscriptions.js';

/** Milliseconds that the broker may take to answer a close. */
const CLOSING = 2_000;
/** Bytes in a socket at which it gets no more until it has passed some on. */
const IN_HAND = 1024 * 1024;
/** The close code of a broker that takes the access away. */
const REVOKED = 1000;

/** How a connection ended. */
export type End =
  | { readonly kind: 'left' }
  | { readonly kind: 'revoked'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** What a connection sends and tells. */
export interface Talk {
  /** A backend's first frame. */
  readonly register: string | undefined;
  readonly subscriptions: Subscriptions;
  readonly kept: KeptPublishes;
  opened(): void;
  message(text: string | undefined): void;
}

/** One connection: from the handshake to the close. */
export class Connection implements SocketEvents {
  readonly #talk: Talk;
  readonly #told = new Told();
  readonly #ended: Promise<End>;
  #end!: (end: End) => void;
  #socket: Socket | undefined;
  #isOpen = false;
  #isOver = false;
  #isLeaving = false;
  #inHand = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(talk: Talk) {
    this.#talk = talk;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Whether it stands: the handshake is done, and neither side has begun to leave. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens it, within so many milliseconds, and serves it until it ends; the signal makes it leave. */
  async run(open: OpenSocket, request: SocketRequest, patience: number, signal: AbortSignal): Promise<End> {
    const leave = () => this.#leave();
    signal.addEventListener('abort', leave);
    this.#timer = setTimeout(() => this.#over({ kind: 'lost', reason: `no answer within ${patience} ms` }), patience);
    try {
      const socket = await open(request, this);
      if (this.#isOver) socket.cut();
      this.#socket = socket;
      if (signal.aborted) leave();
    } catch (error) {
      this.#over({ kind: 'lost', reason: reasonOf(error) });
    }
    const end = await this.#ended;
    signal.removeEventListener('abort', leave);
    return end;
  }

  opened(): void {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#isLeaving) return;
    this.#isOpen = true;
    if (this.#talk.register !== undefined) this.#send(this.#talk.register);
    this.#talk.opened();
    this.update();
  }

  message(text: string | undefined): void {
    if (!this.#isOver) this.#talk.message(text);
  }

  closed(code: number, reason: string, failure?: string): void {
    if (this.#isLeaving) this.#over({ kind: 'left' });
    else if (failure !== undefined) this.#over({ kind: 'lost', reason: failure });
    else if (code === REVOKED) this.#over({ kind: 'revoked', reason });
    else if (!this.#isOpen) this.#over({ kind: 'lost', reason: `no WebSocket came about (${code}); is the broker running, and there?` });
    else this.#over({ kind: 'lost', reason: `the connection was closed: ${JSON.stringify(reason)} (${code})` });
  }

  /** Sends what there is to send, as much as the socket may have: the subscriptions before the publishes. */
  update(): void {
    if (!this.#isOpen || this.#inHand >= IN_HAND) return;
    for (const frame of this.#told.update(this.#talk.subscriptions)) this.#send(frame);
    while (this.#inHand < IN_HAND) {
      const kept = this.#talk.kept.take();
      if (!kept) return;
      this.#give(kept, () => this.#talk.kept.sent());
    }
  }

  #send(text: string): void {
    this.#give({ text, bytes: sizeOf(text) }, () => undefined);
  }

  #give({ text, bytes }: Kept, sent: () => void): void {
    this.#inHand += bytes;
    this.#socket?.send(text, bytes, () => {
      // What was put back after the end is the next connection's.
      if (this.#isOver) return;
      this.#inHand -= bytes;
      sent();
      this.update();
    });
  }

  #leave(): void {
    if (this.#isLeaving || this.#isOver) return;
    this.#isLeaving = true;
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    if (!wasOpen) {
      this.#over({ kind: 'left' });
      return;
    }
    this.#timer = setTimeout(() => this.#over({ kind: 'left' }), CLOSING);
    this.#socket?.close();
  }

  #over(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#socket?.cut();
    this.#end(end);
  }
}

/** Bytes of a text on the wire. */
export const sizeOf = (text: string) => new TextEncoder().encode(text).length;
