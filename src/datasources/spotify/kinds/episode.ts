import {
  booleanPart,
  expectObject,
  part,
  partOrNull,
  statedNull,
  stringPart,
  withId,
} from './decoding/json.ts';
import { type Recording, recording, spokenWordKind } from './decoding/spoken-word.ts';
import { type Decoded, type Restrictions, restrictions, simplifiedOptions } from './decoding/values.ts';
import { type DecodeOptions, dayMs, hourMs, type KindDefinition, type PagedListDefinition } from './kind.ts';
import { fallbackMarket } from './markets.ts';
import { decodeShow, type Show } from './show.ts';
import type { SpotifyId } from './spotify-id.ts';

export interface Episode extends Recording {
  kind: 'episode';
  isExternallyHosted: Decoded<boolean | null>;
  restrictions: Decoded<Restrictions | null>;
  language: Decoded<string>;
  /** The simplified show; lists of one show's episodes have `showId` instead. */
  show: Decoded<Show>;
  showId: SpotifyId | undefined;
}

export const showEpisodes = {
  name: 'shows/episodes',
  path: (id) => `/shows/${id}/episodes`,
  fallbackMarket,
  pageSizes: [50, 20, 10],
  developmentPageSize: 50,
  freshMs: hourMs,
  presumedDailyLimit: 600,
  decodeItem: decodeEpisode,
} as const satisfies PagedListDefinition<Episode>;

export const episode = {
  name: 'episode',
  plural: 'episodes',
  ...spokenWordKind,
  freshMs: dayMs,
  isSearchable: true,
  requiredFields: [...spokenWordKind.requiredFields, 'releaseDate', 'durationMs'],
  withheldFields: [],
  embedded: ['show'],
  pagedLists: [showEpisodes],
  decode: (value, options) => decodeEpisode(value, options),
} as const satisfies KindDefinition<Episode>;

/** @throws MalformedResponse without a readable id and name */
function decodeEpisode(value: unknown, options: DecodeOptions, showId?: SpotifyId): Episode {
  const json = expectObject(value, 'episode');
  return {
    kind: 'episode',
    ...recording(json, 'episode', options),
    isExternallyHosted:
      booleanPart(json, 'is_externally_hosted', 'episode') ?? statedNull(json['is_externally_hosted']),
    restrictions: partOrNull(json['restrictions'], restrictions),
    language: stringPart(json, 'language', 'episode'),
    show: part(withId(json['show']), (show) => decodeShow(show, simplifiedOptions(options))),
    showId,
  };
}
