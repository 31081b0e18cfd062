import { useEffect, useState } from 'react';
import { useApi } from '@backstage/core-plugin-api';
import { eventsApiRef } from '@callboard/backstage/frontend';

/** What the catalog publishes. */
interface Refreshed {
  entityRef: string;
  at: string;
}

/** Events that are shown at once. */
const MOST = 8;

/** A card of a frontend plugin: the entities that the catalog has refreshed, the latest first, as it tells of them. */
export function RefreshedEntities() {
  const events = useApi(eventsApiRef);
  const [refreshed, setRefreshed] = useState<Refreshed[]>([]);
  useEffect(() => {
    const show = (one: Refreshed) => setRefreshed((before) => [one, ...before].slice(0, MOST));
    void events.subscribe('catalog', show, 'refresh');
    return () => {
      // This card's callback alone: other cards may have subscribed to the same.
      void events.unsubscribe('catalog', 'refresh', show);
    };
  }, [events]);
  if (refreshed.length === 0) return <p>Nothing was refreshed since this page was opened.</p>;
  return (
    <ol aria-label="Refreshed entities">
      {refreshed.map(({ entityRef, at }) => (
        <li key={at + entityRef}>
          <code>{entityRef}</code> <time dateTime={at}>{new Date(at).toLocaleTimeString('en')}</time>
        </li>
      ))}
    </ol>
  );
}
