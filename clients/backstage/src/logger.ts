/** Where a client writes what happens: a logger of winston, one of Backstage's, or the console. Tokens are never written. */
export interface EventsLogger {
  debug(message: string): unknown;
  info(message: string): unknown;
  warn(message: string): unknown;
  error(message: string): unknown;
}

/** The same logger, whose own failures do not end what is being told. */
export function guarded(logger: EventsLogger): EventsLogger {
  const guard = (level: keyof EventsLogger) => (message: string) => {
    try {
      logger[level](message);
    } catch {
      // Nobody is left to tell.
    }
  };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}

/** Lines of one kind that are written within a window. */
const LINES = 10;
/** Milliseconds after which a kind may be written again. */
const WINDOW = 60_000;

/** Writes lines that somebody else can cause many of: ten of a kind per minute, and how many were left out. */
export class LineBudget {
  readonly #spent = new Map<string, { since: number; lines: number; untold: number }>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  write(kind: string, line: string, now = Date.now()): void {
    const spent = this.#spent.get(kind) ?? { since: now, lines: 0, untold: 0 };
    this.#spent.set(kind, spent);
    if (now - spent.since >= WINDOW) [spent.since, spent.lines] = [now, 0];
    if (spent.lines >= LINES) {
      spent.untold += 1;
      return;
    }
    spent.lines += 1;
    this.#write(spent.untold === 0 ? line : `${line} (${spent.untold} lines like it were left out)`);
    spent.untold = 0;
  }
}

/** The console, less what only somebody who looks for an error reads. */
export const toConsole: EventsLogger = {
  debug: () => undefined,
  info: (message) => console.info(message),
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
};
