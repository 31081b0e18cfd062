import { EventsError } from './errors.js';
import { type Key, subscribe, unsubscribe } from './frames.js';

/** What is known of an event beside its data. */
export interface EventsMessage {
  /** The event was published before the subscription, and kept for users who subscribe later. */
  readonly replayed: boolean;
}

/** What is called with the data of an event. A promise that it returns is not waited for; its rejection is logged. */
export type EventsCallback<T = unknown> = (data: T, message: EventsMessage) => unknown;

/** A callback that was subscribed. */
export interface Subscribed {
  readonly callback: EventsCallback;
  isOver: boolean;
}

interface Entry {
  readonly key: Key;
  readonly callbacks: Subscribed[];
}

const nameOf = ({ pluginId, topic }: Key) => JSON.stringify([pluginId, topic ?? null]);

/** The callbacks by key, in the order of the first subscribe of each key. */
export class Subscriptions {
  readonly #byKey = new Map<string, Entry>();
  readonly #most: number;
  #callbacks = 0;
  /** Grows with each change of the keys. */
  version = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** The keys by their names. */
  get keys(): ReadonlyMap<string, { readonly key: Key }> {
    return this.#byKey;
  }

  add(key: Key, callback: EventsCallback): void {
    if (this.#callbacks >= this.#most) {
      throw new EventsError(`the client has ${this.#most} subscriptions already (option \`subscriptions\`); unsubscribe from some first`);
    }
    const name = nameOf(key);
    const entry = this.#byKey.get(name) ?? { key, callbacks: [] };
    this.#byKey.set(name, entry);
    entry.callbacks.push({ callback, isOver: false });
    this.#callbacks += 1;
    this.version += 1;
  }

  /** Removes all callbacks of a key, or this one, once for each time that it was subscribed. */
  remove(key: Key, callback?: EventsCallback): void {
    const name = nameOf(key);
    const entry = this.#byKey.get(name);
    if (!entry) return;
    const at = callback ? entry.callbacks.findIndex((subscribed) => subscribed.callback === callback) : 0;
    if (at < 0) return;
    const removed = entry.callbacks.splice(at, callback ? 1 : Infinity);
    for (const subscribed of removed) subscribed.isOver = true;
    this.#callbacks -= removed.length;
    if (entry.callbacks.length === 0) this.#byKey.delete(name);
    this.version += 1;
  }

  clear(): void {
    for (const { key } of [...this.#byKey.values()]) this.remove(key);
  }

  /** The callbacks for an event: those of its topic and those of all topics. */
  matching({ pluginId, topic }: Key): Subscribed[] {
    const keys: Key[] = [{ pluginId, topic: undefined }];
    if (topic !== undefined) keys.push({ pluginId, topic });
    return keys.flatMap((key) => this.#byKey.get(nameOf(key))?.callbacks ?? []);
  }
}

/** What a connection has told the broker of the subscriptions. */
export class Told {
  readonly #keys = new Map<string, Key>();
  #version: number | undefined;

  /** The frames that bring the broker up to date. */
  update(wanted: Subscriptions): string[] {
    if (this.#version === wanted.version) return [];
    this.#version = wanted.version;
    const frames: string[] = [];
    for (const [name, key] of [...this.#keys]) {
      if (wanted.keys.has(name)) continue;
      this.#keys.delete(name);
      frames.push(unsubscribe(key));
    }
    for (const [name, { key }] of wanted.keys) {
      if (this.#keys.has(name)) continue;
      this.#keys.set(name, key);
      frames.push(subscribe(key));
    }
    return frames;
  }
}
