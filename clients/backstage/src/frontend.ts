// For pages: nothing in here needs Node.
export { eventsApiRef } from './api_ref.js';
export type { EventsApiRef } from './api_ref.js';
export type { EventsConfig } from './config.js';
export type { ClientCounts } from './counts.js';
export { EventsError } from './errors.js';
export type { EventsRefusal } from './frames.js';
export type { EventsLogger } from './logger.js';
export type { ClientOptions } from './options.js';
export { FrontendEventsClient } from './page.js';
export type { FrontendEventsOptions } from './page.js';
export type { EventsApi, EventsSubscriber } from './service.js';
export type { EventsCallback, EventsMessage } from './subscriptions.js';
