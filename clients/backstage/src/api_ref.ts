import type { EventsApi } from './service.js';

/** What Backstage's registry of APIs and `useApi` take for a reference; `createApiRef` would make the same. */
export interface EventsApiRef {
  readonly $$type: '@backstage/ApiRef';
  readonly id: 'plugin.events.service';
  /** For types alone: it must not be read. */
  readonly T: EventsApi;
  toString(): string;
}

/** The reference by which components get the events: `useApi(eventsApiRef)`. The app registers a `FrontendEventsClient` under it. */
export const eventsApiRef: EventsApiRef = {
  $$type: '@backstage/ApiRef',
  id: 'plugin.events.service',
  get T(): EventsApi {
    throw new Error('the type of an API reference has no value: call useApi(eventsApiRef)');
  },
  toString: () => 'apiRef{plugin.events.service}',
};
