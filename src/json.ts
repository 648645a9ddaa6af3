export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A property of a value of unknown type, such as parsed JSON; undefined if the value is no object or does not have it. */
export const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

/**
 * Parses the JSON of a client, which is untrusted. Undefined for text that is not JSON.
 * @param text may begin with a byte order mark, as the texts of Windows tools do
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** Null for data that is nested too deeply to be written: JSON.parse goes deeper than JSON.stringify. */
export function stringify(data: unknown): string | null {
  try {
    return JSON.stringify(data);
  } catch {
    return null;
  }
}
