import { elements, enumPart, expectObject, intPart, isMalformed, part, stringPart } from './json.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, hourMs, type KindDefinition } from './kind.ts';
import { decodeEmbeddedPage, type Page } from './page.ts';
import { podcastMarket } from './show.ts';
import { type SpokenWord, spokenWord } from './spoken-word.ts';
import { type Copyright, copyright, type Sent, type SentList } from './values.ts';

/** An author or a narrator. */
export interface Contributor {
  name: Sent<string>;
}

export interface Audiobook extends SpokenWord {
  kind: 'audiobook';
  authors: SentList<Contributor>;
  narrators: SentList<Contributor>;
  edition: Sent<string | null>;
  publisher: Sent<string>;
  mediaType: Sent<'AUDIO' | 'VIDEO' | 'MIXED' | 'OTHER'>;
  copyrights: SentList<Copyright>;
  totalChapters: Sent<number>;
  /** The first chapters, which a full audiobook contains; undefined where they cannot be used. */
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
  takesMarket: true,
  fallbackMarket: podcastMarket,
  isFoundByBareId: false,
  batchSize: 50,
  freshMs: 6 * hourMs,
  isRelinkable: false,
  isSearchable: true,
  isFullInSearch: false,
  withheldFields: ['Audiobook.publisher'],
  embedded: [],
  embeddedPage: embeddedChapters,
  lists: [],
  shortLists: [],
  decode: decodeAudiobook,
} as const satisfies KindDefinition<Audiobook>;

/** @throws MalformedResponse without a readable id and name */
export function decodeAudiobook(value: unknown, options: DecodeOptions): Audiobook {
  const json = expectObject(value, 'audiobook');
  const base = spokenWord(json, 'audiobook', options);
  const chapters = part(json['chapters'], (page) =>
    decodeEmbeddedPage(page, embeddedChapters, options, base.id),
  );
  return {
    kind: 'audiobook',
    ...base,
    authors: part(json['authors'], (list) => elements(list, 'audiobook.authors', contributor)),
    narrators: part(json['narrators'], (list) => elements(list, 'audiobook.narrators', contributor)),
    edition: stringPart(json, 'edition', 'audiobook') ?? null,
    publisher: stringPart(json, 'publisher', 'audiobook'),
    mediaType: enumPart(json['media_type'], ['AUDIO', 'VIDEO', 'MIXED']),
    copyrights: part(json['copyrights'], (list) => elements(list, 'audiobook.copyrights', copyright)),
    totalChapters: intPart(json, 'total_chapters', 'audiobook'),
    // A page that cannot be used is read from the list when a field selects it.
    chapters: isMalformed(chapters) ? undefined : chapters,
  };
}

const contributor = (value: unknown): Contributor => ({
  name: stringPart(expectObject(value, 'contributor'), 'name', 'contributor'),
});
