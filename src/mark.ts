/**
 * A number that stands for a text where it is only looked for, and costs nothing to keep: two texts of one mark are
 * possible, and most unlikely.
 */
export function markOf(text: string): number {
  let mark = emptyMark;
  for (let at = 0; at < text.length; at += 1) mark = markWith(mark, text.charCodeAt(at));
  return mark;
}

export const emptyMark = 0x811c9dc5; // of FNV-1a

/** The mark of a text with one more character. */
export const markWith = (mark: number, code: number): number => Math.imul(mark ^ code, 0x01000193);
