import type { Accounts } from './accounts.js';
import type { ClientCounts } from './counts.js';
import { reasonOf } from './errors.js';
import { type EventsRefusal, type Key, read } from './frames.js';
import type { EventsLogger, LineBudget } from './logger.js';
import type { EventsMessage, Subscribed, Subscriptions } from './subscriptions.js';

interface Needs {
  readonly subscriptions: Subscriptions;
  readonly accounts: Accounts;
  readonly counts: ClientCounts;
  readonly lines: LineBudget;
  readonly logger: EventsLogger;
  readonly onRefused: ((refusal: EventsRefusal) => void) | undefined;
}

/** Takes what the broker says to those that wait for it. */
export class Deliveries {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Takes a message; none where it is binary. Throws nothing. */
  take(text: string | undefined): void {
    if (text === undefined) {
      this.#unreadable('a binary message');
      return;
    }
    let received;
    try {
      received = read(text);
    } catch (error) {
      this.#unreadable(reasonOf(error));
      return;
    }
    if (received.kind === 'event') this.#event(received.key, received.data, text, { replayed: received.replayed });
    else if (received.kind === 'refusal') this.#refused(received.refusal, received.name);
    else if (received.kind === 'account') this.#needs.accounts.told(received.name, received.account);
    // What a later broker may send besides.
    else this.#needs.logger.debug(`the broker sent ${JSON.stringify(received.command)}, which is left out`);
  }

  #unreadable(reason: string): void {
    this.#needs.counts.unreadable += 1;
    this.#needs.lines.write('unreadable', `the broker sent what is no frame of the events wire: ${reason}`);
  }

  #refused(refusal: EventsRefusal, name: string | undefined): void {
    const { accounts, counts, lines, onRefused } = this.#needs;
    counts.refused += 1;
    const { refused, code, message } = refusal;
    lines.write('refused', `the broker refused a ${JSON.stringify(refused)}: ${JSON.stringify(message)} (${code})`);
    if (name !== undefined) accounts.fail(name, `the broker refused the publish: ${message} (${code})`);
    this.#guard('onRefused', () => onRefused?.(refusal));
  }

  /** Calls the callbacks for an event; one that fails keeps no other from being called. */
  #event(key: Key, data: unknown, text: string, message: EventsMessage): void {
    const { pluginId, topic } = key;
    const what = `a callback for plugin "${pluginId}", topic ${topic === undefined ? 'none' : `"${topic}"`},`;
    this.#needs.subscriptions.matching(key).forEach((subscribed: Subscribed, index) => {
      // A callback of the same event may have ended this one.
      if (subscribed.isOver) return;
      // Each has data of its own, so none sees what another made of it.
      const own = index === 0 ? data : (JSON.parse(text) as { data?: unknown }).data ?? null;
      this.#guard(what, () => subscribed.callback(own, { ...message }));
    });
  }

  /** Calls foreign code, whose failure is logged and counted; so is that of a promise which it returns. */
  #guard(what: string, call: () => unknown): void {
    const failed = (error: unknown) => {
      this.#needs.counts.failedCallbacks += 1;
      this.#needs.lines.write('callback', `${what} failed: ${reasonOf(error)}`);
    };
    try {
      const result = call();
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') Promise.resolve(result).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
