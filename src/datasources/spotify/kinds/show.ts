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
import { plainText, texts } from './texts.ts';
import {
  type BaseFields,
  baseFields,
  type Copyright,
  copyright,
  type Image,
  images,
  type Sent,
  type SentList,
} from './values.ts';

export interface Show extends BaseFields {
  kind: 'show';
  description: Sent<string>;
  htmlDescription: Sent<string>;
  publisher: Sent<string>;
  mediaType: Sent<'AUDIO' | 'VIDEO' | 'MIXED' | 'OTHER'>;
  languages: SentList<string>;
  explicit: Sent<boolean>;
  isExternallyHosted: Sent<boolean | null>;
  images: SentList<Image>;
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
  const base = baseFields(json, 'show', options);
  const episodes = part(json['episodes'], (page) =>
    decodeEmbeddedPage(page, embeddedEpisodes, options, base.id),
  );
  return {
    kind: 'show',
    ...base,
    description: plainText(json, 'description', 'show'),
    htmlDescription: stringPart(json, 'html_description', 'show'),
    publisher: stringPart(json, 'publisher', 'show'),
    mediaType: enumPart(json['media_type'], ['AUDIO', 'VIDEO', 'MIXED']),
    languages: texts(json, 'languages', 'show'),
    explicit: booleanPart(json, 'explicit', 'show'),
    isExternallyHosted: booleanPart(json, 'is_externally_hosted', 'show') ?? null,
    images: images(json, 'show'),
    copyrights: part(json['copyrights'], (list) => elements(list, 'show.copyrights', copyright)),
    totalEpisodes: intPart(json, 'total_episodes', 'show'),
    // A page that cannot be used is read from the list when a field selects it.
    episodes: isMalformed(episodes) ? undefined : episodes,
  };
}
