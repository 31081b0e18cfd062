/** What a client has now, and what it counted since it was made. */
export interface ClientCounts {
  /** Publishes that the socket has not taken yet. */
  kept: number;
  /** Publishes that were dropped for newer ones. */
  dropped: number;
  /** Commands that the broker refused. */
  refused: number;
  /** Calls of callbacks that threw, or whose promise was rejected. */
  failedCallbacks: number;
  /** Messages of the broker that are no frame of the wire. */
  unreadable: number;
}

/** The counts of a client that has done nothing. */
export const noCounts = (): ClientCounts => ({ kept: 0, dropped: 0, refused: 0, failedCallbacks: 0, unreadable: 0 });
