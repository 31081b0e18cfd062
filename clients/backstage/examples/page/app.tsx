// What a Backstage app does for its plugins, as far as this page needs it: the APIs, by their references.
import { type ReactNode, useState } from 'react';
import { type AnyApiFactory, type ApiHolder, type ApiRef, configApiRef, identityApiRef } from '@backstage/core-plugin-api';
import { ConfigReader } from '@backstage/config';
import { createVersionedContext, createVersionedValueMap } from '@backstage/version-bridge';

const ApiContext = createVersionedContext<{ 1: ApiHolder }>('api-context');

/** Makes each API when it is first asked for. */
class Apis implements ApiHolder {
  readonly #made = new Map<string, unknown>();
  readonly #factories: readonly AnyApiFactory[];

  constructor(baseUrl: string, token: string | undefined, factories: readonly AnyApiFactory[]) {
    this.#made.set(configApiRef.id, new ConfigReader({ backend: { baseUrl, events: true } }));
    this.#made.set(identityApiRef.id, { getCredentials: async () => ({ token }) });
    this.#factories = factories;
  }

  get<T>({ id }: ApiRef<T>): T | undefined {
    const factory = this.#factories.find(({ api }) => api.id === id);
    if (!this.#made.has(id) && factory) {
      const deps = Object.entries<ApiRef<unknown>>(factory.deps).map(([name, ref]) => [name, this.get(ref)]);
      this.#made.set(id, factory.factory(Object.fromEntries(deps)));
    }
    return this.#made.get(id) as T | undefined;
  }
}

interface AppProps {
  /** Where the broker is. */
  baseUrl: string;
  /** The user's token; a guest has none. */
  token?: string | undefined;
  apis: readonly AnyApiFactory[];
  children: ReactNode;
}

/** Gives its children the APIs, as Backstage's `ApiProvider` does. */
export function App({ baseUrl, token, apis, children }: AppProps) {
  // Once: each `Apis` makes clients of its own.
  const [made] = useState(() => createVersionedValueMap({ 1: new Apis(baseUrl, token, apis) }));
  return <ApiContext.Provider value={made}>{children}</ApiContext.Provider>;
}
