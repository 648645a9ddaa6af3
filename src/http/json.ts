/** JSON of clients, which may be anything. */

/** Undefined for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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
