import type { EventsAccount } from './accounts.js';
import type { EventsCallback } from './subscriptions.js';

/** For whom an event is. By default it has no topic and is for everyone. */
export interface EventsPublishParams {
  /** Those who subscribed to this topic of the plugin get the event, and those who subscribed to all of its topics. */
  topic?: string;
  /**
   * Only who is or belongs to one of these entities gets the event, such as `user:default/john.doe`; everyone without it. An empty
   * list is nobody, and such an event is not sent.
   */
  entityRefs?: string[];
  /**
   * Also for users who subscribe later, for as long as the broker's `backstage.keep` says: each of them gets the event once, unless they
   * got it as it was published. A broker whose config keeps none refuses such an event (code 108, see `onRefused`).
   */
  keep?: boolean;
}

/** The same for a publish that asks what became of its event. */
export interface EventsAccountParams extends EventsPublishParams {
  account: true;
}

/** What backend and frontend clients have in common. */
export interface EventsSubscriber {
  /**
   * Calls `callback` with the data of each event that the plugin publishes, of one topic or, without one, of all, and with whether the
   * event was kept for the user. Another subscribe to the same plugin and topic adds a callback.
   */
  subscribe<T = unknown>(pluginId: string, callback: EventsCallback<T>, topic?: string): Promise<void>;
  /**
   * Removes the callbacks that were subscribed to exactly this plugin and topic: without a topic, those for all topics, and not those
   * for one. With a callback, only that one is removed.
   */
  unsubscribe<T = unknown>(pluginId: string, topic?: string, callback?: EventsCallback<T>): Promise<void>;
  /** Removes all subscriptions and all publishes that were not sent, and closes the connection. */
  disconnect(): Promise<void>;
}

/** What a backend plugin publishes and subscribes with, by the names of Backstage's documentation of events. */
export interface EventsService extends EventsSubscriber {
  /**
   * Lets the client connect and stay connected: it comes back after every cut. Resolves before the connection stands, since the
   * broker may be started later than the plugin. Another `connect` changes nothing.
   */
  connect(): Promise<void>;
  /**
   * Publishes data that JSON can write. It is sent in the order of the calls; before the client is connected, and while it is cut
   * off, it is kept. Resolves at once: the wire confirms nothing.
   *
   * With `account: true` the promise is that of what became of the event: who got it, and why others did not. It is rejected where
   * the broker refuses the publish, where the publish is dropped, and where the connection ends before the account comes.
   */
  publish(data: unknown, params: EventsAccountParams): Promise<EventsAccount>;
  publish(data: unknown, params?: EventsPublishParams): Promise<void>;
}

/** What pages subscribe with: `useApi(eventsApiRef)`. */
export interface EventsApi extends EventsSubscriber {
  /** Lets the client come back after the broker took its access away; a subscription connects by itself. */
  connect(): Promise<void>;
}
