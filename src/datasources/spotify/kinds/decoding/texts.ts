import { elements, type Json, MalformedResponse, part, stringPart, webAddress } from './json.ts';
import type { Sent, SentList } from './values.ts';

/** Texts that objects of several kinds have, and how each is decoded. */

const characters: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  nbsp: '\u00a0',
  quot: '"',
};
const maxCodePoint = 0x10ffff;
const reference = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|apos|gt|lt|nbsp|quot));/gi;

/** A text whose characters Spotify may have escaped for HTML, as plain text. It is no HTML: `<` in it is a character. */
export function plainText(json: Json, key: string, where: string): Sent<string> {
  const text = stringPart(json, key, where);
  return typeof text === 'string' ? unescaped(text) : text;
}

/** Each reference is replaced once: `&amp;lt;` is the text `&lt;`. */
const unescaped = (text: string): string =>
  text.replace(reference, (whole, decimal: string | undefined, hexadecimal: string | undefined, name) => {
    if (typeof name === 'string') return characters[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    return code > 0 && code <= maxCodePoint ? String.fromCodePoint(code) : whole;
  });

/** A list of texts, such as genres. */
export const texts = (json: Json, key: string, where: string): SentList<string> =>
  part(json[key], (value) =>
    elements(value, `${where}.${key}`, (text) => {
      if (typeof text === 'string') return text;
      throw new MalformedResponse(`${where}.${key}`);
    }),
  );

/** A web address; null if the object has none. Spotify leaves out the key for apps from which it withholds it. */
export const addressOrNull = (json: Json, key: string, where: string): Sent<string | null> =>
  json[key] === null ? null : part(json[key], (value) => webAddress(value, `${where}.${key}`));
