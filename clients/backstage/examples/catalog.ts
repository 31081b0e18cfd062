// A backend plugin: the catalog, which publishes each second that it has refreshed an entity. Ctrl-c ends it.
//
//     node examples/dist/catalog.js http://localhost:8000 dev.pem
//
// The second argument is the key that signs its tokens; in Backstage they come from the plugin's `TokenManager` or `auth` service.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EventsClientManager, type EventsService } from '@callboard/backstage';

const ENTITIES = ['component:default/website', 'api:default/petstore', 'component:default/wayback-archive'];

/** What each event says. */
interface Refreshed {
  entityRef: string;
  at: string;
}

/** A service token as Backstage signs it for a plugin. */
function tokenOf(pluginId: string, keyFile: string): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ typ: 'vnd.backstage.plugin', alg: 'ES256' }, { sub: pluginId, aud: 'events', iat: now, exp: now + 3600 }];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = createPrivateKey(readFileSync(keyFile));
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function refresh(events: EventsService, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    const entityRef = ENTITIES[n % ENTITIES.length] ?? '';
    const data: Refreshed = { entityRef, at: new Date().toISOString() };
    await events.publish(data, { topic: 'refresh' });
    await pause(1_000, undefined, { signal }).catch(() => undefined);
  }
}

const [baseUrl, keyFile] = process.argv.slice(2);
if (baseUrl === undefined || keyFile === undefined) {
  throw new Error('say where the broker is and which key signs the tokens: catalog.js http://localhost:8000 dev.pem');
}
const config = { backend: { baseUrl, events: true } };
const tokenManager = { getToken: async (pluginId: string) => ({ token: tokenOf(pluginId, keyFile) }) };
const events = EventsClientManager.fromConfig(config, { tokenManager }).forPlugin('catalog').getClient();
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ended.abort());
await events.connect();
await refresh(events, ended.signal);
// `disconnect` removes what was not sent.
await Promise.race([events.flush().catch((error: unknown) => console.error(String(error))), pause(5_000, undefined, { ref: false })]);
await events.disconnect();
