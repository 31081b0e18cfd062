// What callers without types may pass.
import { EventsError } from './errors.js';
import type { Key } from './frames.js';
import type { EventsPublishParams } from './service.js';
import type { EventsCallback } from './subscriptions.js';

/** A plugin's events, all or those of a topic. */
export function keyOf(pluginId: string, topic: string | undefined): Key {
  if (!isText(pluginId)) throw new EventsError('the plugin id is empty or no text; pass the plugin\'s id');
  // The empty text could be meant as a topic or as none.
  if (topic !== undefined && !isText(topic)) throw new EventsError('the topic is empty or no text; leave it out for all topics');
  return { pluginId, topic };
}

export function callbackOf<T>(callback: EventsCallback<T>): EventsCallback {
  if (typeof callback !== 'function') throw new EventsError('the callback is no function');
  // The caller says of what type the data is, which only the publisher knows.
  return callback as EventsCallback;
}

export function targetsOf({ entityRefs }: EventsPublishParams): readonly string[] | undefined {
  if (entityRefs === undefined) return undefined;
  if (Array.isArray(entityRefs) && entityRefs.every(isText)) return entityRefs;
  throw new EventsError('entityRefs is no list of entity refs such as `user:default/john.doe`');
}

/** Whether an event is to be kept: nothing in the frame where it is not. */
export function keepOf({ keep }: EventsPublishParams): true | undefined {
  if (keep === undefined || keep === false) return undefined;
  if (keep === true) return true;
  throw new EventsError('keep is neither true nor false; for how long is for `backstage.keep` in the broker\'s config');
}

/** Whether a publish asks what became of its event. */
export function asksFor(account: boolean | undefined): boolean {
  if (account !== undefined && typeof account !== 'boolean') throw new EventsError('account is no boolean; pass true, or leave it out');
  return account ?? false;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
