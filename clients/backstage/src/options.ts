import { EventsError } from './errors.js';

/** Bounds and times of each client. The defaults suit the broker's own. Times are in milliseconds; every value is at least 1. */
export interface ClientOptions {
  /** Publishes that are kept until they are sent; the oldest is dropped for one too many. */
  readonly keptPublishes: number;
  /** Bytes of all kept publishes together, at least `maxPublish`; the oldest are dropped for what is too much. */
  readonly keptBytes: number;
  /** Bytes of one publish on the wire. The broker closes the connection for more than its `limits.frame`, so raise both. */
  readonly maxPublish: number;
  /** Callbacks that are subscribed. The broker takes 128 keys of plugin and topic by default (`limits.channels_per_connection`). */
  readonly subscriptions: number;
  /** Bytes of a message from the broker; one over it ends the connection. In pages the browser sets this bound. */
  readonly maxMessage: number;
  /** The bound of the first pause before the client comes back. It doubles with each failure; a random part of it is waited. */
  readonly backoffFirst: number;
  /** The bound of the longest pause. A connection that lasted longer makes the next pause a first one. */
  readonly backoffMost: number;
  /** How long a token may take, and the handshake. */
  readonly patience: number;
  /** How long the broker may send nothing, its pings included, with `ws`; other WebSockets show no pings. */
  readonly silence: number;
}

const DEFAULTS: ClientOptions = {
  keptPublishes: 1_000,
  keptBytes: 64 * 1024 * 1024,
  maxPublish: 65_536,
  subscriptions: 1_000,
  maxMessage: 16 * 1024 * 1024,
  backoffFirst: 100,
  backoffMost: 30_000,
  patience: 10_000,
  silence: 75_000,
};

/** The longest time that timers of JavaScript can wait. */
const MOST_TIME = 2 ** 31 - 1;
const TIMES: readonly string[] = ['backoffFirst', 'backoffMost', 'patience', 'silence'];

/** The options with the defaults in place of those that are not given. */
export function withDefaults(given: Partial<ClientOptions> = {}): ClientOptions {
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, key)) throw new EventsError(`there is no option \`${key}\`; write ${Object.keys(DEFAULTS).join(', ')}`);
    if (value !== undefined && !(value >= 1)) throw new EventsError(`the option \`${key}\` is no number of at least 1`);
    if (TIMES.includes(key) && value > MOST_TIME) throw new EventsError(`the option \`${key}\` is over ${MOST_TIME} ms`);
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...DEFAULTS, ...defined };
  const { keptBytes, maxPublish, backoffFirst, backoffMost } = options;
  return { ...options, keptBytes: Math.max(keptBytes, maxPublish), backoffMost: Math.max(backoffMost, backoffFirst) };
}
