/**
 * The size of a value as JSON, in bytes of UTF-8, if it is above the limit; else null. The JSON is not created.
 */
export function sizeAbove(limit: number, value: unknown): number | null {
  // A fast upper bound from the lengths of the texts: nearly every response is far below the limit.
  if (measure(value, limit, longest) <= limit) return null;
  const bytes = measure(value, Number.POSITIVE_INFINITY, exactly);
  return bytes > limit ? bytes : null;
}

type Measure = (text: string) => number;

const longest: Measure = (text) => 6 * text.length + 2; // a character takes at most 6 bytes: `\u0000`

// Characters that JSON.stringify escapes; lone surrogates are among them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

const exactly: Measure = (text) => Buffer.byteLength(escaped.test(text) ? JSON.stringify(text) : `"${text}"`);

/** The size of a value; stops, with a partial sum, as soon as it is above the limit. */
function measure(root: unknown, limit: number, textBytes: Measure): number {
  let bytes = 0;

  function add(value: unknown): void {
    if (bytes > limit) return;
    if (typeof value === 'string') bytes += textBytes(value);
    else if (typeof value !== 'object' || value === null) bytes += `${value ?? null}`.length;
    else if (Array.isArray(value)) {
      bytes += 2 + Math.max(0, value.length - 1);
      for (const item of value) {
        add(item);
        if (bytes > limit) return;
      }
    } else addObject(value as Record<string, unknown>);
  }

  function addObject(value: Record<string, unknown>): void {
    let count = 0;
    for (const key in value) {
      const part = value[key];
      if (part === undefined || typeof part === 'function') continue;
      count += 1;
      bytes += textBytes(key) + 1;
      add(part);
      if (bytes > limit) return;
    }
    bytes += 2 + Math.max(0, count - 1);
  }

  add(root);
  return bytes;
}
