import { EventsError } from './errors.js';

/** What became of an event, in numbers of listeners on all nodes of the broker. */
export interface EventsAccount {
  /** Those of the plugin when the event was delivered: the sum of the next four, unless the account is partial. */
  readonly matched: number;
  /** Those to whose clients it was queued. */
  readonly delivered: number;
  /** Those that it was for, and that had asked for other topics. */
  readonly filtered: number;
  /** Those that it was not for: they own none of the entities, or are the publisher itself. */
  readonly notPermitted: number;
  /** Those that could not take it. */
  readonly lost: number;
  /** Whether the event is kept for those who connect later. */
  readonly kept: boolean;
  /** Whether numbers are missing: a node of the broker did not answer in time. */
  readonly partial: boolean;
}

interface Waiter {
  /** Runs once the socket has taken the publish. */
  timer: ReturnType<typeof setTimeout> | undefined;
  resolve(account: EventsAccount): void;
  reject(error: EventsError): void;
}

/** The account of an event that is not sent, as it is for nobody. */
export const OF_NOBODY: EventsAccount = { matched: 0, delivered: 0, filtered: 0, notPermitted: 0, lost: 0, kept: false, partial: false };

/** The publishes that wait for their accounts: bounded by the publishes that are kept, and by the time after each was sent. */
export class Accounts {
  readonly #patience: number;
  readonly #waiters = new Map<string, Waiter>();
  #named = 0;

  /** An account comes within so many milliseconds after its publish was sent, or not at all. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Names a publish, unlike any other of this client. */
  name(): string {
    this.#named += 1;
    return String(this.#named);
  }

  /** Waits for the account of the publish of this name. */
  wait(name: string): Promise<EventsAccount> {
    return new Promise((resolve, reject) => this.#waiters.set(name, { timer: undefined, resolve, reject }));
  }

  /** The socket has taken the publish. */
  sent(name: string): void {
    const waiter = this.#waiters.get(name);
    if (!waiter) return;
    const late = () => this.fail(name, `no account came within ${this.#patience} ms; a broker of an earlier version gives none`);
    waiter.timer = setTimeout(late, this.#patience);
  }

  told(name: string, account: EventsAccount): void {
    this.#take(name)?.resolve(account);
  }

  fail(name: string, reason: string): void {
    this.#take(name)?.reject(new EventsError(reason));
  }

  /** The connection has ended: what its socket had taken is answered no more. */
  ended(): void {
    for (const [name, { timer }] of this.#waiters) {
      if (timer !== undefined) this.fail(name, 'the connection ended before the account came; the event may have been lost');
    }
  }

  #take(name: string): Waiter | undefined {
    const waiter = this.#waiters.get(name);
    this.#waiters.delete(name);
    clearTimeout(waiter?.timer);
    return waiter;
  }
}
