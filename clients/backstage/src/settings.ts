import type { EventsRefusal } from './frames.js';
import type { EventsLogger } from './logger.js';
import type { ClientOptions } from './options.js';
import type { OpenSocket } from './socket.js';

/** As what a client comes, where to, and what it tells. */
export interface Settings {
  /** The WebSocket's address. */
  readonly url: string;
  /** The id of the backend plugin; nothing for a frontend. */
  readonly pluginId: string | undefined;
  /** Gives a token for each attempt to connect, or nothing for a guest. */
  readonly token: () => Promise<string | undefined>;
  readonly open: OpenSocket;
  readonly options: ClientOptions;
  readonly logger: EventsLogger;
  readonly onRefused: ((refusal: EventsRefusal) => void) | undefined;
}
