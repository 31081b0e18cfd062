/** Why a client cannot be made, or a call of one cannot be done. The message says what to do; it shows no value of the config. */
export class EventsError extends Error {
  override readonly name = 'EventsError';
}

/** The message of something that was thrown, which need not be an error. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
