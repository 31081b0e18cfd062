import { EventsError } from './errors.js';

/** Waits so many milliseconds, or until the signal ends the wait. */
export function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** What the promise brings within so many milliseconds; fails with the message after them, and at once when the signal ends it. */
export async function within<T>(time: number, signal: AbortSignal, promise: Promise<T>, message: string): Promise<T> {
  const waited = new AbortController();
  const end = () => waited.abort();
  signal.addEventListener('abort', end);
  try {
    const late = pause(time, signal.aborted ? signal : waited.signal).then(() => {
      throw new EventsError(message);
    });
    return await Promise.race([promise, late]);
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}
