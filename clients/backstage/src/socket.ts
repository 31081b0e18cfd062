/** What a socket tells its connection. */
export interface SocketEvents {
  /** The handshake is done. */
  opened(): void;
  /** A message; none where it is binary, which is no frame of the wire. */
  message(text: string | undefined): void;
  /** It is closed. `failure` says what went wrong, where the socket knows. */
  closed(code: number, reason: string, failure?: string): void;
}

/** A WebSocket of one of the kinds that there are. */
export interface Socket {
  /** Sends a text of so many bytes. `taken` is called when the system has all of it; never where the socket breaks before. */
  send(text: string, bytes: number, taken: () => void): void;
  /** Closes it with 1000. */
  close(): void;
  /** Ends it without waiting for the other side. Nothing is told after it. */
  cut(): void;
}

/** Where a socket goes, and its bounds. */
export interface SocketRequest {
  readonly url: string;
  /** Nothing for a guest. */
  readonly token: string | undefined;
  /** Bytes of the largest message, where the socket can be told. */
  readonly maxMessage: number;
  /** Milliseconds that the broker may send nothing, where the socket can see its pings. */
  readonly silence: number;
}

/** Begins a connection. */
export type OpenSocket = (request: SocketRequest, events: SocketEvents) => Socket | Promise<Socket>;
