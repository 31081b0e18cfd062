import { configApiRef, createApiFactory, identityApiRef } from '@backstage/core-plugin-api';
import { eventsApiRef, FrontendEventsClient } from '@callboard/backstage/frontend';

/** What an app adds to its `apis`. */
export const eventsApiFactory = createApiFactory({
  api: eventsApiRef,
  deps: { configApi: configApiRef, identityApi: identityApiRef },
  factory: ({ configApi, identityApi }) => FrontendEventsClient.fromConfig(configApi, { identityApi }),
});
