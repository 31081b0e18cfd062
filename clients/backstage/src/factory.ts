import { EventsClient } from './backend.js';
import { Client } from './client.js';
import { type EventsConfig, endpoint } from './config.js';
import { EventsError } from './errors.js';
import type { EventsRefusal } from './frames.js';
import { type EventsLogger, guarded, toConsole } from './logger.js';
import { openInNode } from './node_socket.js';
import { type ClientOptions, withDefaults } from './options.js';
import type { Settings } from './settings.js';

/** Where the tokens of backends come from, such as Backstage's `TokenManager`. */
export interface EventsTokenManager {
  /** A new service token of the plugin, for one attempt to connect. What it throws is logged, so that must not name the token. */
  getToken(pluginId: string): Promise<{ token: string }>;
}

/** What a manager needs beside the config. */
export interface EventsClientManagerOptions {
  /** Where clients write; the console without one. */
  logger?: EventsLogger;
  tokenManager: EventsTokenManager;
  /** Is called with every command that the broker refuses, beside the warning in the log. */
  onRefused?: (refusal: EventsRefusal) => void;
  /** Bounds and times of the clients. */
  options?: Partial<ClientOptions>;
}

/** Makes the events clients of a backend. */
export class EventsClientManager {
  readonly #make: ((pluginId: string) => Client) | undefined;

  private constructor(make: ((pluginId: string) => Client) | undefined) {
    this.#make = make;
  }

  /**
   * Reads `backend.events` and `backend.baseUrl` of the config. Throws `EventsError` where it enables the events and does not say
   * where they are, and where an option makes no sense.
   */
  static fromConfig(config: EventsConfig, given: EventsClientManagerOptions): EventsClientManager {
    const [url, options] = [endpoint(config), withDefaults(given.options)];
    if (url === undefined) return new EventsClientManager(undefined);
    const { tokenManager, logger = toConsole, onRefused } = given;
    const settings = (pluginId: string): Settings => ({
      url,
      pluginId,
      token: async () => (await tokenManager.getToken(pluginId)).token,
      open: openInNode,
      options,
      logger: guarded(logger),
      onRefused,
    });
    return new EventsClientManager((pluginId) => new Client(settings(pluginId)));
  }

  /** Makes the clients of the backend plugin with this id, such as `catalog`, under which the broker knows its events. */
  forPlugin(pluginId: string): PluginEventsManager {
    if (typeof pluginId !== 'string' || pluginId === '') throw new EventsError('the plugin id is empty or no text; pass the plugin\'s id');
    return new PluginEventsManager(() => new EventsClient(pluginId, this.#make?.(pluginId)));
  }

  /** Whether the config has the events enabled; where not, all clients do nothing. */
  get isEnabled(): boolean {
    return this.#make !== undefined;
  }
}

/** Makes the clients of one backend plugin. */
export class PluginEventsManager {
  readonly #make: () => EventsClient;

  /** Managers are made by `EventsClientManager.forPlugin()`. */
  constructor(make: () => EventsClient) {
    this.#make = make;
  }

  /** A new client with a connection of its own, which publishes under the plugin's id. */
  getClient(): EventsClient {
    return this.#make();
  }
}
