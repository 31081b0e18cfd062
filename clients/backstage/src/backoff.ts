import type { ClientOptions } from './options.js';

/**
 * Pauses that grow with each failure: a random part of a time that doubles ("full jitter"), so that clients which a restart cut off
 * together do not come back together.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: Pick<ClientOptions, 'backoffFirst' | 'backoffMost'>, random: () => number = Math.random) {
    this.#first = options.backoffFirst;
    this.#most = options.backoffMost;
    this.#random = random;
  }

  /** Milliseconds of the next pause after a connection that lasted so long, 0 for one that was not made. */
  next(lasted: number): number {
    if (lasted > this.#most) this.#failures = 0;
    const ceiling = Math.min(this.#first * 2 ** this.#failures, this.#most);
    this.#failures += 1;
    return this.#random() * ceiling;
  }
}
