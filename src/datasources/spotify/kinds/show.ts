import { booleanPart, expectObject, intPart, isMalformed, part } from './json.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, hourMs, type KindDefinition } from './kind.ts';
import { fallbackMarket } from './markets.ts';
import { decodeEmbeddedPage, type Page } from './page.ts';
import { type Series, series } from './spoken-word.ts';
import type { Sent } from './values.ts';

export interface Show extends Series {
  kind: 'show';
  isExternallyHosted: Sent<boolean | null>;
  totalEpisodes: Sent<number>;
  /** The newest episodes, which a full show contains if it was read alone; undefined where they cannot be used. */
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
  takesMarket: true,
  fallbackMarket,
  isFoundByBareId: false,
  batchSize: 50,
  freshMs: 6 * hourMs,
  isRelinkable: false,
  isSearchable: true,
  isFullInSearch: false,
  withheldFields: ['Show.publisher'],
  embedded: [],
  embeddedPage: embeddedEpisodes,
  lists: [],
  shortLists: [],
  decode: decodeShow,
} as const satisfies KindDefinition<Show>;

/** @throws MalformedResponse without a readable id and name */
export function decodeShow(value: unknown, options: DecodeOptions): Show {
  const json = expectObject(value, 'show');
  const base = series(json, 'show', options);
  const episodes = part(json['episodes'], (page) =>
    decodeEmbeddedPage(page, embeddedEpisodes, options, base.id),
  );
  return {
    kind: 'show',
    ...base,
    isExternallyHosted: booleanPart(json, 'is_externally_hosted', 'show') ?? null,
    totalEpisodes: intPart(json, 'total_episodes', 'show'),
    // A page that cannot be used is read from the list when a field selects it.
    episodes: isMalformed(episodes) ? undefined : episodes,
  };
}
