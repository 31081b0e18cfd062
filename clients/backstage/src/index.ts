// For backends.
export type { EventsAccount } from './accounts.js';
export { EventsClient } from './backend.js';
export type { EventsConfig } from './config.js';
export type { ClientCounts } from './counts.js';
export { EventsError } from './errors.js';
export { EventsClientManager, PluginEventsManager } from './factory.js';
export type { EventsClientManagerOptions, EventsTokenManager } from './factory.js';
export type { EventsRefusal } from './frames.js';
export type { EventsLogger } from './logger.js';
export type { ClientOptions } from './options.js';
export type { EventsAccountParams, EventsPublishParams, EventsService, EventsSubscriber } from './service.js';
export type { EventsCallback, EventsMessage } from './subscriptions.js';
