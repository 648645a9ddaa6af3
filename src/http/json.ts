/** Parses and writes the JSON of clients, which is untrusted. */

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
