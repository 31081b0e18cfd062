import { EventsError } from './errors.js';

/** A publish that waits for a socket. */
export interface Kept {
  readonly text: string;
  /** Of the text in UTF-8. */
  readonly bytes: number;
  /** Is told once the socket has taken it. */
  readonly onSent?: () => void;
  /** Is told where it goes without being sent. */
  readonly onGone?: () => void;
}

interface Flush {
  /** The number of the latest publish that it waits for. */
  readonly last: number;
  resolve(): void;
  reject(error: EventsError): void;
}

/**
 * Publishes in the order in which they were made. A connection takes them in hand, and they leave when its socket has taken them.
 * Those that no connection has in hand are bounded in number and bytes: for one too many the oldest go.
 */
export class KeptPublishes {
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #frames: (Kept & { readonly number: number })[] = [];
  /** How many of the oldest a connection has in hand. */
  #inHand = 0;
  /** Of those that no connection has in hand. */
  #bytes = 0;
  /** The number of the latest. */
  #published = 0;
  readonly #flushes = new Set<Flush>();

  constructor(most: number, mostBytes: number) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** Adds one; how many were dropped for it. */
  push(kept: Kept): number {
    this.#published += 1;
    this.#bytes += kept.bytes;
    this.#frames.push({ ...kept, number: this.#published });
    return this.#trim();
  }

  /** Drops the oldest of those that wait until the rest is within the bounds. */
  #trim(): number {
    let dropped = 0;
    // One alone is within the bounds, so the latest stays.
    while (this.#frames.length - this.#inHand > Math.max(1, this.#most) || this.#bytes > this.#mostBytes) {
      const [oldest] = this.#frames.splice(this.#inHand, 1);
      if (!oldest) break;
      this.#bytes -= oldest.bytes;
      this.#gone(oldest);
      dropped += 1;
    }
    return dropped;
  }

  /** Gives a connection the next one in hand. */
  take(): Kept | undefined {
    const kept = this.#frames[this.#inHand];
    if (!kept) return undefined;
    this.#inHand += 1;
    this.#bytes -= kept.bytes;
    return kept;
  }

  /** The socket has taken the oldest. */
  sent(): void {
    if (this.#inHand === 0) return;
    this.#inHand -= 1;
    const sent = this.#frames.shift();
    sent?.onSent?.();
    this.#settleFlushes();
  }

  /** The connection has ended: what it had in hand waits again. How many were dropped as too many. */
  putBack(): number {
    for (const kept of this.#frames.slice(0, this.#inHand)) this.#bytes += kept.bytes;
    this.#inHand = 0;
    return this.#trim();
  }

  /** Removes all. */
  clear(): void {
    const removed = this.#frames.splice(0);
    [this.#inHand, this.#bytes] = [0, 0];
    for (const kept of removed) this.#gone(kept);
  }

  /** How many wait or are in hand. */
  get length(): number {
    return this.#frames.length;
  }

  /** Resolves when the socket has taken all that were made before; fails where one of them went without being sent. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#flushes.add({ last: this.#published, resolve, reject });
      this.#settleFlushes();
    });
  }

  /** Ends all waits that something is left for: nobody is going to send it. */
  giveUp(error: EventsError): void {
    for (const flush of this.#flushes) flush.reject(error);
    this.#flushes.clear();
  }

  #settleFlushes(): void {
    const oldest = this.#frames[0]?.number ?? Infinity;
    for (const flush of this.#flushes) {
      if (flush.last >= oldest) continue;
      this.#flushes.delete(flush);
      flush.resolve();
    }
  }

  /** Tells those that wait for a publish which is not sent any more. */
  #gone({ number, onGone }: Kept & { readonly number: number }): void {
    onGone?.();
    for (const flush of this.#flushes) {
      if (flush.last < number) continue;
      this.#flushes.delete(flush);
      flush.reject(new EventsError('publishes were dropped or removed by disconnect() before they were sent; see counts()'));
    }
  }
}
