/** The filters that Spotify documents for `q`. */
const fields = ['artist', 'album', 'track', 'year', 'genre', 'isrc', 'upc'] as const;
export type Field = (typeof fields)[number];

/** A parsed search; an object must match every condition. All texts are normalised. */
export interface SearchQuery {
  /** Prefixes of words in the name, an artist's name or the album's name. */
  words: readonly string[];
  /** Quoted texts that must occur literally. */
  phrases: readonly string[];
  filters: readonly { field: Field; value: string }[];
  /** The text without its filters, for ranking: an object with exactly this name comes first. */
  freeText: string;
}

const filterStart = new RegExp(`\\b(${fields.join('|')}):`, 'gi');
const asciiText = /^[ -~]*$/;
const quotedPhrase = /"([^"]*)"/g;

/** Reads `q`. A filter's value reaches to the next filter, so `artist:Miles Davis album:Blue` needs no quotes. */
export function parseQuery(q: string): SearchQuery {
  const starts = [...q.matchAll(filterStart)];
  const freeText = q.slice(0, starts[0]?.index ?? q.length);
  const filters = starts.map((start, index) => ({
    field: start[1]?.toLowerCase() as Field,
    value: fold(q.slice(start.index + start[0].length, starts[index + 1]?.index ?? q.length)),
  }));
  return {
    words: fold(freeText.replace(quotedPhrase, ' ')).split(' ').filter(Boolean),
    phrases: [...freeText.matchAll(quotedPhrase)].map(([, phrase = '']) => fold(phrase)).filter(Boolean),
    filters: filters.filter(({ value }) => value !== ''),
    freeText: fold(freeText),
  };
}

/** Lower case, without accents and with single spaces for everything except letters and digits. */
export function fold(text: string): string {
  // Nearly every text is ASCII, and thousands of texts are normalised before the first search.
  if (asciiText.test(text))
    return text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim();
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
