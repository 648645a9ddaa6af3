import { type Audiobook, decodeAudiobook } from './audiobook.ts';
import { enumPart, expectObject, intPart, type Json, part, partOrNull, withId } from './decoding/json.ts';
import { type Recording, recording, spokenWordKind } from './decoding/spoken-word.ts';
import { type Decoded, type Restrictions, restrictionReasons, simplifiedOptions } from './decoding/values.ts';
import { type DecodeOptions, dayMs, hourMs, type KindDefinition, type PagedListDefinition } from './kind.ts';
import { fallbackMarket } from './markets.ts';
import type { SpotifyId } from './spotify-id.ts';

export interface Chapter extends Recording {
  kind: 'chapter';
  /** From 0. */
  chapterNumber: Decoded<number>;
  restrictions: Decoded<Restrictions | null>;
  /** The simplified audiobook; lists of one audiobook's chapters have `audiobookId` instead. */
  audiobook: Decoded<Audiobook>;
  audiobookId: SpotifyId | undefined;
}

export const audiobookChapters = {
  name: 'audiobooks/chapters',
  path: (id) => `/audiobooks/${id}/chapters`,
  fallbackMarket,
  pageSizes: [50, 20, 10],
  developmentPageSize: 50,
  freshMs: hourMs,
  decodeItem: decodeChapter,
} as const satisfies PagedListDefinition<Chapter>;

export const chapter = {
  name: 'chapter',
  uriKind: 'episode',
  plural: 'chapters',
  ...spokenWordKind,
  freshMs: dayMs,
  isSearchable: false,
  requiredFields: [...spokenWordKind.requiredFields, 'releaseDate', 'durationMs', 'chapterNumber'],
  withheldFields: [],
  embedded: ['audiobook'],
  pagedLists: [audiobookChapters],
  decode: (value, options) => decodeChapter(value, options),
} as const satisfies KindDefinition<Chapter>;

/** @throws MalformedResponse without a readable id and name */
function decodeChapter(value: unknown, options: DecodeOptions, audiobookId?: SpotifyId): Chapter {
  const sent = expectObject(value, 'chapter');
  const json = options.full ? sent : withoutEmptyTexts(sent);
  return {
    kind: 'chapter',
    ...recording(json, 'chapter', options),
    chapterNumber: intPart(json, 'chapter_number', 'chapter'),
    // The second name is the older one.
    restrictions: partOrNull(json['restrictions'] ?? json['restriction'], chapterRestrictions),
    audiobook: part(withId(json['audiobook']), (book) => decodeAudiobook(book, simplifiedOptions(options))),
    audiobookId,
  };
}

/** Spotify documents one reason for chapters alone. */
const chapterRestrictions = (value: unknown): Restrictions => ({
  reason: enumPart(expectObject(value, 'restrictions')['reason'], [
    ...restrictionReasons,
    'PAYMENT_REQUIRED',
  ]),
});

/** Lists have empty texts in place of these, which only the full chapter has (recorded in 2025). */
function withoutEmptyTexts({ html_description, languages, ...json }: Json): Json {
  const isEmpty = Array.isArray(languages) && languages.every((language) => language === '');
  return {
    ...json,
    ...(html_description !== '' && { html_description }),
    ...(!isEmpty && { languages }),
  };
}
