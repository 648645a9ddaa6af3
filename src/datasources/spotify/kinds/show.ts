import { booleanPart, expectObject, intPart, statedNull } from './decoding/json.ts';
import { type Page, usableEmbeddedPage } from './decoding/page.ts';
import { type Series, series, spokenWordKind } from './decoding/spoken-word.ts';
import type { Decoded } from './decoding/values.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, hourMs, type KindDefinition } from './kind.ts';

export interface Show extends Series {
  kind: 'show';
  isExternallyHosted: Decoded<boolean | null>;
  totalEpisodes: Decoded<number>;
  /** The newest episodes, which a full show contains if it was read alone; undefined if they cannot be used. */
  episodes: Page<Entity> | undefined;
}

const embeddedEpisodes: EmbeddedPage = {
  key: 'episodes',
  list: 'shows/episodes',
  limit: 50,
  isInBatches: false,
};

export const show = {
  name: 'show',
  plural: 'shows',
  ...spokenWordKind,
  freshMs: 6 * hourMs,
  isSearchable: true,
  requiredFields: [...spokenWordKind.requiredFields, 'totalEpisodes'],
  withheldFields: ['Show.publisher'],
  embedded: [],
  embeddedPage: embeddedEpisodes,
  pagedLists: [],
  decode: decodeShow,
} as const satisfies KindDefinition<Show>;

/** @throws MalformedResponse without a readable id and name */
export function decodeShow(value: unknown, options: DecodeOptions): Show {
  const json = expectObject(value, 'show');
  const base = series(json, 'show', options);
  return {
    kind: 'show',
    ...base,
    isExternallyHosted:
      booleanPart(json, 'is_externally_hosted', 'show') ?? statedNull(json['is_externally_hosted']),
    totalEpisodes: intPart(json, 'total_episodes', 'show'),
    episodes: usableEmbeddedPage(json, embeddedEpisodes, options, base.id),
  };
}
