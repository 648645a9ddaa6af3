import type { Capabilities } from '../capabilities/capabilities.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type FieldContext, recordFreshness, recordUnavailable } from '../usage/field-context.ts';

/**
 * The result of `read`. If Spotify withholds the list from this app, null, recorded as unavailable; once that is known,
 * `read` is not called. Null and not recorded if `read` finds no such list.
 */
export async function nullIfWithheld<T>(
  { key, withheldField }: Pick<PagedList, 'key' | 'withheldField'>,
  capabilities: Pick<Capabilities, 'nullIfMissing' | 'withheldUntilMs'>,
  fieldContext: FieldContext,
  read: () => Promise<T | null>,
): Promise<T | null> {
  if (withheldField === undefined) return read();
  let isAbsent = false;
  const listValue = await capabilities.nullIfMissing(withheldField, key, async () => {
    const result = await read().catch(nullIfAbsent);
    isAbsent = result === null;
    return result;
  });
  if (listValue === null && !isAbsent)
    recordWithheld(fieldContext, capabilities.withheldUntilMs(withheldField, key));
  return listValue;
}

/** Records that Spotify withholds a value. @param untilMs until when the response may be reused, in milliseconds of the epoch */
export function recordWithheld(fieldContext: FieldContext, untilMs: number): void {
  recordUnavailable(fieldContext);
  recordFreshness(fieldContext, untilMs);
}

/** The owner of the list does not exist. */
export class ListAbsent extends Error {}

function nullIfAbsent(error: unknown): null {
  if (error instanceof ListAbsent) return null;
  throw error;
}
