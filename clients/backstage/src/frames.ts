// The frames of the events wire, as Backstage's events backend spoke it (backstage/backstage#18071).
import type { EventsAccount } from './accounts.js';
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
  | { readonly kind: 'refusal'; readonly refusal: EventsRefusal; readonly name: string | undefined }
  | { readonly kind: 'account'; readonly name: string; readonly account: EventsAccount }
  | { readonly kind: 'other'; readonly command: string };

/** The first frame of a backend. */
export const register = (pluginId: string) => JSON.stringify({ command: 'register', pluginId });
export const subscribe = ({ pluginId, topic }: Key) => JSON.stringify({ command: 'subscribe', pluginId, topic });
export const unsubscribe = ({ pluginId, topic }: Key) => JSON.stringify({ command: 'unsubscribe', pluginId, topic });

/** An event; throws where JSON cannot write the data. With `account`, a name, the broker answers what became of it. */
export function publish(
  { pluginId, topic }: Key,
  targetEntityRefs: readonly string[] | undefined,
  data: unknown,
  keep?: true,
  account?: string,
): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    throw new EventsError(`the data cannot be written as JSON: ${reasonOf(error)}`);
  }
  if (json === undefined) throw new EventsError('the data cannot be written as JSON: there is none; null is some');
  const head = JSON.stringify({ command: 'publish', pluginId, topic, targetEntityRefs, keep, account });
  return `${head.slice(0, -1)},"data":${json}}`;
}

/** Reads a message of the broker; throws where it is no frame of the wire. */
export function read(text: string): Received {
  const frame: unknown = JSON.parse(text);
  if (typeof frame !== 'object' || frame === null) throw new EventsError('it is no object');
  const { command, pluginId, topic, data, replayed, refused, code, message, account } = frame as Record<string, unknown>;
  if (typeof command !== 'string') throw new EventsError('it has no command');
  if (command === 'error') {
    const name = typeof account === 'string' ? account : undefined;
    return { kind: 'refusal', refusal: { refused: textOf(refused), code: numberOf(code), message: textOf(message) }, name };
  }
  if (command === 'account') return { kind: 'account', name: textOf(account), account: accountOf(frame as Record<string, unknown>) };
  if (command !== 'publish') return { kind: 'other', command };
  if (typeof pluginId !== 'string') throw new EventsError('it is an event of no plugin');
  const key = { pluginId, topic: typeof topic === 'string' ? topic : undefined };
  return { kind: 'event', key, data: data ?? null, replayed: replayed === true };
}

const accountOf = (frame: Record<string, unknown>): EventsAccount => ({
  matched: numberOf(frame.matched),
  delivered: numberOf(frame.delivered),
  filtered: numberOf(frame.filtered),
  notPermitted: numberOf(frame.not_permitted),
  lost: numberOf(frame.lost),
  kept: frame.kept === true,
  partial: frame.partial === true,
});

const numberOf = (value: unknown) => Number(value) || 0;
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
