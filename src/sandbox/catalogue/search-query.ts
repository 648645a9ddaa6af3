/** The filters that Spotify documents for `q`. */
const fields = ['artist', 'album', 'track', 'year', 'genre', 'isrc', 'upc'] as const;
export type Field = (typeof fields)[number];

/** What a search asks for; every condition must hold. All texts are folded. */
export interface SearchQuery {
  /** Words that must begin a word of the name, of an artist's name or of the album's name. */
  words: readonly string[];
  /** Quoted texts that must occur as they are. */
  phrases: readonly string[];
  filters: readonly { field: Field; value: string }[];
  /** The whole text without its filters, for ranking: the thing of exactly this name comes first. */
  plain: string;
}

const filterStart = new RegExp(`\\b(${fields.join('|')}):`, 'gi');
const plainText = /^[ -~]*$/;
const quoted = /"([^"]*)"/g;

/** Reads `q`. A filter's value reaches to the next filter, so `artist:Miles Davis album:Blue` needs no quotes. */
export function parseQuery(q: string): SearchQuery {
  const starts = [...q.matchAll(filterStart)];
  const free = q.slice(0, starts[0]?.index ?? q.length);
  const filters = starts.map((start, index) => ({
    field: start[1]?.toLowerCase() as Field,
    value: fold(q.slice(start.index + start[0].length, starts[index + 1]?.index ?? q.length)),
  }));
  return {
    words: fold(free.replace(quoted, ' ')).split(' ').filter(Boolean),
    phrases: [...free.matchAll(quoted)].map(([, phrase = '']) => fold(phrase)).filter(Boolean),
    filters: filters.filter(({ value }) => value !== ''),
    plain: fold(free),
  };
}

/** Lower case, without accents and with single spaces for everything that is no letter or digit. */
export function fold(text: string): string {
  // Nearly every text is plain, and there are thousands of them to fold before the first search is answered.
  if (plainText.test(text))
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
