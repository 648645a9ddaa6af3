import {
  booleanPart,
  elements,
  enumPart,
  expectObject,
  intPart,
  isMalformed,
  part,
  stringPart,
} from './json.ts';
import { type DecodeOptions, type EmbeddedPage, type Entity, hourMs, type KindDefinition } from './kind.ts';
import { parseMarket } from './markets.ts';
import { decodeEmbeddedPage, type Page } from './page.ts';
import { type SpokenWord, spokenWord } from './spoken-word.ts';
import { type Copyright, copyright, type Sent, type SentList } from './values.ts';

export interface Show extends SpokenWord {
  kind: 'show';
  publisher: Sent<string>;
  mediaType: Sent<'AUDIO' | 'VIDEO' | 'MIXED' | 'OTHER'>;
  isExternallyHosted: Sent<boolean | null>;
  copyrights: SentList<Copyright>;
  totalEpisodes: Sent<number>;
  /** The newest episodes, which a full show contains if it was read alone; undefined where they cannot be used. */
  episodes: Page<Entity> | undefined;
}

/** Without a market Spotify finds shows and episodes for few apps (spotipy#552); this one is Spotify's own default. */
export const podcastMarket = parseMarket('US');

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
  fallbackMarket: podcastMarket,
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
  const base = spokenWord(json, 'show', options);
  const episodes = part(json['episodes'], (page) =>
    decodeEmbeddedPage(page, embeddedEpisodes, options, base.id),
  );
  return {
    kind: 'show',
    ...base,
    publisher: stringPart(json, 'publisher', 'show'),
    mediaType: enumPart(json['media_type'], ['AUDIO', 'VIDEO', 'MIXED']),
    isExternallyHosted: booleanPart(json, 'is_externally_hosted', 'show') ?? null,
    copyrights: part(json['copyrights'], (list) => elements(list, 'show.copyrights', copyright)),
    totalEpisodes: intPart(json, 'total_episodes', 'show'),
    // A page that cannot be used is read from the list when a field selects it.
    episodes: isMalformed(episodes) ? undefined : episodes,
  };
}
