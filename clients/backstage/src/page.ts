import { callbackOf, keyOf } from './arguments.js';
import { Client } from './client.js';
import { type EventsConfig, endpoint } from './config.js';
import { type ClientCounts, noCounts } from './counts.js';
import type { EventsRefusal } from './frames.js';
import { type EventsLogger, guarded, toConsole } from './logger.js';
import { type ClientOptions, withDefaults } from './options.js';
import type { EventsApi } from './service.js';
import { openStandard } from './standard_socket.js';
import type { EventsCallback } from './subscriptions.js';

/** What a client of a frontend needs beside the config. */
export interface FrontendEventsOptions {
  /** Gives the user's token for each attempt to connect: Backstage's `identityApi`. Without one the user is a guest. */
  identityApi?: { getCredentials(): Promise<{ token?: string | undefined }> };
  /** Where the client writes; the console without one. */
  logger?: EventsLogger;
  /** Is called with every command that the broker refuses, beside the warning in the log. */
  onRefused?: (refusal: EventsRefusal) => void;
  /** Bounds and times of the client. */
  options?: Partial<ClientOptions>;
}

/** Subscribes as a page, which publishes nothing: it connects with its first subscription, leaves with its last, and returns. */
export class FrontendEventsClient implements EventsApi {
  readonly #client: Client | undefined;

  private constructor(client: Client | undefined) {
    this.#client = client;
  }

  /**
   * Reads `backend.events` and `backend.baseUrl` of the config, such as Backstage's `configApi`. Throws `EventsError` where it enables
   * the events and does not say where they are, and where an option makes no sense.
   */
  static fromConfig(config: EventsConfig, given: FrontendEventsOptions = {}): FrontendEventsClient {
    const [url, options] = [endpoint(config), withDefaults(given.options)];
    if (url === undefined) return new FrontendEventsClient(undefined);
    const { identityApi, logger = toConsole, onRefused } = given;
    const token = async () => (await identityApi?.getCredentials())?.token;
    const settings = { url, pluginId: undefined, token, open: openStandard, options, logger: guarded(logger), onRefused };
    return new FrontendEventsClient(new Client(settings));
  }

  async connect(): Promise<void> {
    this.#client?.comeBack();
  }

  async subscribe<T = unknown>(pluginId: string, callback: EventsCallback<T>, topic?: string): Promise<void> {
    if (!this.#client) return;
    this.#client.subscribe(keyOf(pluginId, topic), callbackOf(callback));
    this.#client.want();
  }

  async unsubscribe<T = unknown>(pluginId: string, topic?: string, callback?: EventsCallback<T>): Promise<void> {
    if (!this.#client) return;
    this.#client.unsubscribe(keyOf(pluginId, topic), callback && callbackOf(callback));
    if (!this.#client.hasSubscriptions) this.#client.leaveSoon();
  }

  async disconnect(): Promise<void> {
    await this.#client?.disconnect();
  }

  /** Waits until the connection stands; fails without a subscription, and once the broker took the access away. */
  async connected(): Promise<void> {
    await this.#client?.connected();
  }

  /** Whether the connection stands, as far as the page knows. */
  get isConnected(): boolean {
    return this.#client?.isConnected ?? false;
  }

  /** What was refused and failed so far. */
  get counts(): ClientCounts {
    return this.#client?.counts ?? noCounts();
  }
}
