import { expectObject, intPart, listPart, stringPart } from './decoding/json.ts';
import { type Page, usableEmbeddedPage } from './decoding/page.ts';
import { type Series, series, spokenWordKind } from './decoding/spoken-word.ts';
import type { Decoded, DecodedList } from './decoding/values.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, hourMs, type KindDefinition } from './kind.ts';

/** An author or a narrator. */
export interface Contributor {
  name: Decoded<string>;
}

export interface Audiobook extends Series {
  kind: 'audiobook';
  authors: DecodedList<Contributor>;
  narrators: DecodedList<Contributor>;
  edition: Decoded<string | null>;
  totalChapters: Decoded<number>;
  /** The first chapters, which a full audiobook contains; undefined if they cannot be used. */
  chapters: Page<Entity> | undefined;
}

const embeddedChapters: EmbeddedPage = {
  key: 'chapters',
  list: 'audiobooks/chapters',
  limit: 50,
  isInBatches: true,
};

export const audiobook = {
  name: 'audiobook',
  uriKind: 'show',
  plural: 'audiobooks',
  ...spokenWordKind,
  freshMs: 6 * hourMs,
  isSearchable: true,
  withheldFields: ['Audiobook.publisher'],
  embedded: [],
  embeddedPage: embeddedChapters,
  pagedLists: [],
  decode: decodeAudiobook,
} as const satisfies KindDefinition<Audiobook>;

/** @throws MalformedResponse without a readable id and name */
export function decodeAudiobook(value: unknown, options: DecodeOptions): Audiobook {
  const json = expectObject(value, 'audiobook');
  const base = series(json, 'audiobook', options);
  return {
    kind: 'audiobook',
    ...base,
    authors: listPart(json, 'authors', 'audiobook', contributor),
    narrators: listPart(json, 'narrators', 'audiobook', contributor),
    edition: stringPart(json, 'edition', 'audiobook') ?? null,
    totalChapters: intPart(json, 'total_chapters', 'audiobook'),
    chapters: usableEmbeddedPage(json, embeddedChapters, options, base.id),
  };
}

const contributor = (value: unknown): Contributor => ({
  name: stringPart(expectObject(value, 'contributor'), 'name', 'contributor'),
});
