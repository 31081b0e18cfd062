import { Accounts, type EventsAccount, OF_NOBODY } from './accounts.js';
import { Backoff } from './backoff.js';
import { Connection, type End, sizeOf, type Talk } from './connection.js';
import { type ClientCounts, noCounts } from './counts.js';
import { Deliveries } from './deliveries.js';
import { EventsError, reasonOf } from './errors.js';
import { type Key, publish, register } from './frames.js';
import { type Kept, KeptPublishes } from './kept.js';
import { LineBudget } from './logger.js';
import type { Settings } from './settings.js';
import { type EventsCallback, Subscriptions } from './subscriptions.js';
import { pause, within } from './time.js';

/** Those that wait for the connection to stand. */
interface Waiter {
  resolve(): void;
  reject(error: EventsError): void;
}

/** What backend and frontend clients have in common: a connection that is there while it is wanted, and comes back after cuts. */
export class Client {
  readonly #settings: Settings;
  readonly #name: string;
  readonly #counts = noCounts();
  readonly #lines: LineBudget;
  readonly #subscriptions: Subscriptions;
  readonly #kept: KeptPublishes;
  readonly #accounts: Accounts;
  readonly #deliveries: Deliveries;
  readonly #waiters = new Set<Waiter>();
  #isAsked = false;
  /** The broker took the access away, and nobody has called `connect` since. */
  #isRevoked = false;
  #isServing = false;
  #connection: Connection | undefined;
  /** Ends the attempt that is being made, its connection and the pause after it. */
  #stay = new AbortController();
  #attempt: Promise<unknown> = Promise.resolve();
  /** The reason that was logged last: one warning for each change, not one for each attempt. */
  #told = '';

  constructor(settings: Settings) {
    const { options, pluginId, logger, onRefused } = settings;
    this.#settings = settings;
    this.#name = pluginId === undefined ? 'an events client of a frontend' : `the events client of plugin "${pluginId}"`;
    this.#lines = new LineBudget((line) => logger.warn(`${this.#name}: ${line}`));
    this.#subscriptions = new Subscriptions(options.subscriptions);
    this.#kept = new KeptPublishes(options.keptPublishes, options.keptBytes);
    this.#accounts = new Accounts(options.patience);
    const [subscriptions, accounts, counts, lines] = [this.#subscriptions, this.#accounts, this.#counts, this.#lines];
    this.#deliveries = new Deliveries({ subscriptions, accounts, counts, lines, logger, onRefused });
  }

  /** Makes the client connect and stay connected, unless its access was taken away. */
  want(): void {
    this.#isAsked = true;
    void this.#serve();
  }

  /** Makes it come back after its access was taken away, where it is wanted. */
  comeBack(): void {
    this.#isRevoked = false;
    void this.#serve();
  }

  /** Lets the connection go, unless there is a subscription again once this task of JavaScript is done: React removes and adds in one. */
  leaveSoon(): void {
    setTimeout(() => {
      if (!this.#subscriptions.isEmpty) return;
      this.#isAsked = false;
      this.#leave();
    });
  }

  /** Takes back all that was asked for; resolves when the connection is closed. */
  async disconnect(): Promise<void> {
    this.#isAsked = false;
    this.#subscriptions.clear();
    this.#kept.clear();
    this.#leave();
    await this.#attempt;
  }

  publish(key: Key, targetEntityRefs: readonly string[] | undefined, data: unknown, keep: true | undefined): void {
    const kept = this.#bounded(publish(key, targetEntityRefs, data, keep));
    // Nobody is never to become everybody, whatever a broker makes of an empty list.
    if (targetEntityRefs?.length !== 0) this.#keep(kept);
  }

  /** The same; resolves with what became of the event. */
  async publishWithAccount(
    key: Key,
    targetEntityRefs: readonly string[] | undefined,
    data: unknown,
    keep: true | undefined,
  ): Promise<EventsAccount> {
    const name = this.#accounts.name();
    const kept = this.#bounded(publish(key, targetEntityRefs, data, keep, name));
    if (targetEntityRefs?.length === 0) return OF_NOBODY;
    const account = this.#accounts.wait(name);
    const onGone = () => this.#accounts.fail(name, 'the publish was dropped or removed by disconnect() before it was sent');
    this.#keep({ ...kept, onSent: () => this.#accounts.sent(name), onGone });
    return account;
  }

  #bounded(text: string): Kept {
    const [bytes, most] = [sizeOf(text), this.#settings.options.maxPublish];
    if (bytes > most) {
      throw new EventsError(
        `the publish has ${bytes} bytes on the wire, more than ${most}; send less or a reference to it, or raise the option ` +
          '`maxPublish` and, on the broker\'s side, `limits.frame`',
      );
    }
    return { text, bytes };
  }

  #keep(kept: Kept): void {
    this.#dropped(this.#kept.push(kept));
    this.#connection?.update();
  }

  subscribe(key: Key, callback: EventsCallback): void {
    this.#subscriptions.add(key, callback);
    this.#connection?.update();
  }

  unsubscribe(key: Key, callback?: EventsCallback): void {
    this.#subscriptions.remove(key, callback);
    this.#connection?.update();
  }

  get hasSubscriptions(): boolean {
    return !this.#subscriptions.isEmpty;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Waits until the connection stands; fails where there is to be none. */
  connected(): Promise<void> {
    if (this.isConnected) return Promise.resolve();
    if (!this.#isWanted) return Promise.reject(away());
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }

  /** Waits until the socket has taken all publishes that were made before. */
  flush(): Promise<void> {
    const flushed = this.#kept.flush();
    if (!this.#isWanted) this.#kept.giveUp(away());
    return flushed;
  }

  get counts(): ClientCounts {
    return { ...this.#counts, kept: this.#kept.length };
  }

  get #isWanted(): boolean {
    return this.#isAsked && !this.#isRevoked;
  }

  #dropped(count: number): void {
    if (count === 0) return;
    this.#counts.dropped += count;
    this.#lines.write('dropped', 'dropped its oldest publish to keep newer ones: the broker is away or slow');
  }

  /** Ends the connection or the attempt, and all waits for it. */
  #leave(): void {
    this.#stay.abort();
    this.#noMore();
  }

  #noMore(): void {
    for (const waiter of this.#waiters) waiter.reject(away());
    this.#waiters.clear();
    this.#kept.giveUp(away());
  }

  /** Connects again and again while that is wanted. */
  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    const backoff = new Backoff(this.#settings.options);
    while (this.#isWanted) {
      this.#stay = new AbortController();
      const attempt = this.#once(this.#stay.signal);
      this.#attempt = attempt;
      const { end, lasted } = await attempt;
      const time = this.#ended(end, this.#stay.signal, () => backoff.next(lasted));
      if (time !== undefined) await pause(time, this.#stay.signal);
    }
    this.#isServing = false;
  }

  /** One attempt, and the connection that came of it. */
  async #once(signal: AbortSignal): Promise<{ end: End; lasted: number }> {
    const { options, open, url } = this.#settings;
    const { maxMessage, silence, patience } = options;
    let began: number | undefined;
    const talk: Talk = {
      register: this.#settings.pluginId === undefined ? undefined : register(this.#settings.pluginId),
      subscriptions: this.#subscriptions,
      kept: this.#kept,
      opened: () => {
        began = performance.now();
        this.#opened();
      },
      message: (text) => this.#deliveries.take(text),
    };
    let end: End;
    try {
      const token = await this.#token(signal);
      const connection = new Connection(talk);
      this.#connection = connection;
      end = await connection.run(open, { url, token, maxMessage, silence }, patience, signal);
    } catch (error) {
      end = { kind: 'lost', reason: reasonOf(error) };
    }
    this.#connection = undefined;
    this.#accounts.ended();
    this.#dropped(this.#kept.putBack());
    return { end, lasted: began === undefined ? 0 : performance.now() - began };
  }

  /** A new token, which a connection that stands is never asked for. */
  async #token(signal: AbortSignal): Promise<string | undefined> {
    const { patience } = this.#settings.options;
    // Inside the function, so that a source that throws before it has made a promise is caught, too.
    const asked = (async () => this.#settings.token())();
    try {
      return await within(patience, signal, asked, `none came within ${patience} ms`);
    } catch (error) {
      throw new EventsError(`the token source gives no token: ${reasonOf(error)}`);
    }
  }

  #opened(): void {
    this.#told = '';
    this.#settings.logger.info(`${this.#name} is connected to ${this.#settings.url}`);
    for (const waiter of this.#waiters) waiter.resolve();
    this.#waiters.clear();
  }

  /** How long to wait after a connection; nothing where it is not to be made again by itself. */
  #ended(end: End, signal: AbortSignal, next: () => number): number | undefined {
    const { logger } = this.#settings;
    if (signal.aborted || end.kind === 'left') {
      logger.debug(`${this.#name} left ${this.#settings.url}`);
      return undefined;
    }
    if (end.kind === 'revoked') {
      this.#isRevoked = true;
      this.#noMore();
      logger.error(
        `${this.#name}: the broker closed the connection for good: ${JSON.stringify(end.reason)} (1000); see that the token source ` +
          'gives a token that is not revoked, and call connect()',
      );
      return undefined;
    }
    const time = next();
    const line = `${this.#name}: ${this.#settings.url}: ${end.reason}; again in ${Math.round(time)} ms`;
    if (this.#told === end.reason) logger.debug(line);
    else logger.warn(line);
    this.#told = end.reason;
    return time;
  }
}

/** The error of a client that is not to connect. */
const away = () =>
  new EventsError('the client stays away from the broker; call connect(), and subscribe with a client of a frontend');
