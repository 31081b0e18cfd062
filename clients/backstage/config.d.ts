/** What Backstage's config may say of events; pages need to see it, too. */
export interface Config {
  backend?: {
    /**
     * Whether there are events, and where, if not at `backend.baseUrl`.
     * @deepVisibility frontend
     */
    events?:
      | boolean
      | {
          /** Whether there are events. */
          enabled: boolean;
          /** The broker's address, such as `ws://localhost:7007`. */
          endpoint?: string;
        };
  };
}
