/**
 * A number that stands for a text where it is only looked for, and costs nothing to keep: two texts of one stamp are
 * possible, and most unlikely.
 */
export function stampOf(text: string): number {
  let stamp = emptyStamp;
  for (let at = 0; at < text.length; at += 1) stamp = stampWith(stamp, text.charCodeAt(at));
  return stamp;
}

export const emptyStamp = 0x811c9dc5; // of FNV-1a

/** The stamp of a text with one more character. */
export const stampWith = (stamp: number, code: number): number => Math.imul(stamp ^ code, 0x01000193);
