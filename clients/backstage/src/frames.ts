// The frames of the events wire, as Backstage's events backend spoke it (backstage/backstage#18071).
import { EventsError, reasonOf } from './errors.js';

/** What a subscription is for: a plugin's events, those of all topics or of one. */
export interface Key {
  readonly pluginId: string;
  readonly topic: string | undefined;
}

/** A command that the broker refused. */
export interface EventsRefusal {
  /** The command, such as `publish`; empty where the broker could not tell. */
  readonly refused: string;
  /** The broker's code, such as 103 for what is not permitted. */
  readonly code: number;
  readonly message: string;
}

/** What the broker says. */
export type Received =
  | { readonly kind: 'event'; readonly key: Key; readonly data: unknown; readonly replayed: boolean }
  | { readonly kind: 'refusal'; readonly refusal: EventsRefusal }
  | { readonly kind: 'other'; readonly command: string };

/** The first frame of a backend. */
export const register = (pluginId: string) => JSON.stringify({ command: 'register', pluginId });
export const subscribe = ({ pluginId, topic }: Key) => JSON.stringify({ command: 'subscribe', pluginId, topic });
export const unsubscribe = ({ pluginId, topic }: Key) => JSON.stringify({ command: 'unsubscribe', pluginId, topic });

/** An event; throws where JSON cannot write the data. */
export function publish({ pluginId, topic }: Key, targetEntityRefs: readonly string[] | undefined, data: unknown, keep?: true): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    throw new EventsError(`the data cannot be written as JSON: ${reasonOf(error)}`);
  }
  if (json === undefined) throw new EventsError('the data cannot be written as JSON: there is none; null is some');
  const head = JSON.stringify({ command: 'publish', pluginId, topic, targetEntityRefs, keep });
  return `${head.slice(0, -1)},"data":${json}}`;
}

/** Reads a message of the broker; throws where it is no frame of the wire. */
export function read(text: string): Received {
  const frame: unknown = JSON.parse(text);
  if (typeof frame !== 'object' || frame === null) throw new EventsError('it is no object');
  const { command, pluginId, topic, data, replayed, refused, code, message } = frame as Record<string, unknown>;
  if (typeof command !== 'string') throw new EventsError('it has no command');
  if (command === 'error') {
    return { kind: 'refusal', refusal: { refused: textOf(refused), code: Number(code) || 0, message: textOf(message) } };
  }
  if (command !== 'publish') return { kind: 'other', command };
  if (typeof pluginId !== 'string') throw new EventsError('it is an event of no plugin');
  const key = { pluginId, topic: typeof topic === 'string' ? topic : undefined };
  return { kind: 'event', key, data: data ?? null, replayed: replayed === true };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
