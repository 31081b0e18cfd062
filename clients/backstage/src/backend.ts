import { type EventsAccount, OF_NOBODY } from './accounts.js';
import { asksFor, callbackOf, keepOf, keyOf, targetsOf } from './arguments.js';
import type { Client } from './client.js';
import { type ClientCounts, noCounts } from './counts.js';
import type { EventsAccountParams, EventsPublishParams, EventsService } from './service.js';
import type { EventsCallback } from './subscriptions.js';

/**
 * Publishes and subscribes as a backend plugin. Where the config has the events disabled, every call does nothing and succeeds. A
 * method that is called with what makes no sense fails with `EventsError`.
 */
export class EventsClient implements EventsService {
  readonly #pluginId: string;
  readonly #client: Client | undefined;

  /** Clients are made by `PluginEventsManager.getClient()`. `client` is nothing where the events are disabled. */
  constructor(pluginId: string, client: Client | undefined) {
    this.#pluginId = pluginId;
    this.#client = client;
  }

  async connect(): Promise<void> {
    this.#client?.comeBack();
    this.#client?.want();
  }

  async publish(data: unknown, params: EventsAccountParams): Promise<EventsAccount>;
  async publish(data: unknown, params?: EventsPublishParams): Promise<void>;
  async publish(data: unknown, params: EventsPublishParams & { account?: boolean } = {}): Promise<EventsAccount | void> {
    const asksForAccount = asksFor(params.account);
    const client = this.#client;
    if (!client) return asksForAccount ? OF_NOBODY : undefined;
    const [key, targets, keep] = [keyOf(this.#pluginId, params.topic), targetsOf(params), keepOf(params)];
    if (asksForAccount) return client.publishWithAccount(key, targets, data, keep);
    client.publish(key, targets, data, keep);
  }

  async subscribe<T = unknown>(pluginId: string, callback: EventsCallback<T>, topic?: string): Promise<void> {
    this.#client?.subscribe(keyOf(pluginId, topic), callbackOf(callback));
  }

  async unsubscribe<T = unknown>(pluginId: string, topic?: string, callback?: EventsCallback<T>): Promise<void> {
    this.#client?.unsubscribe(keyOf(pluginId, topic), callback && callbackOf(callback));
  }

  async disconnect(): Promise<void> {
    await this.#client?.disconnect();
  }

  /**
   * Waits until the socket has taken all publishes that were made before: what a program calls that publishes and ends. Fails where
   * one of them was dropped, where `disconnect` is called, and where the client is not to connect.
   */
  async flush(): Promise<void> {
    await this.#client?.flush();
  }

  /** Waits until the connection stands; fails before `connect`, after `disconnect`, and once the broker took the access away. */
  async connected(): Promise<void> {
    await this.#client?.connected();
  }

  /** Whether the connection stands, as far as the client knows. */
  get isConnected(): boolean {
    return this.#client?.isConnected ?? false;
  }

  /** How many publishes are kept, and what was dropped, refused and failed so far. */
  get counts(): ClientCounts {
    return this.#client?.counts ?? noCounts();
  }
}
