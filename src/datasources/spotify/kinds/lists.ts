import type { PagedEndpoint } from '../capabilities/policy.ts';
import { isWhole } from '../pagination/lazy-items.ts';
import type { FieldContext } from '../usage/field-context.ts';
import {
  type Asked,
  type AskedPage,
  decodeAlbum,
  decodeAlbumTracks,
  decodeArtist,
  decodePage,
  decodeTrack,
  fieldOf,
  inShort,
} from './decode.ts';
import { type Batch, type Resource, throwIfLimitRejected } from './endpoint-request.ts';
import type { Kind, SpotifyId } from './ids.ts';
import type { Market } from './markets.ts';
import { partsOfAll, partsOfEach, withMarket } from './objects.ts';
import type { Album, AlbumGroup, Artist, Page, SpotifyObject, Track } from './types.ts';

/** The lists that Spotify pages: what names each of them, and how one of its pages is asked for. */
export interface List<T extends SpotifyObject> {
  /** Names the list in cursors and caches. */
  key: string;
  endpoint: PagedEndpoint;
  page(offset: number, limit: number): Resource<Page<T>>;
  /** Where the first page comes from when it need not be asked for; null when there is no such list. */
  opening?(fieldContext: FieldContext): Promise<Page<T> | null | undefined>;
  /** Slots that can be reached; Infinity where only the list's length ends it. */
  reach: number;
  /** Whether a total that differs between pages means that the list has changed. */
  steadyTotal: boolean;
}

export const groupOrder = ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON'] as const;
const searchReach = 1_000; // Spotify: offset + limit at most 1,000

/** @param groups in any order; none means all */
export function artistAlbums(
  id: SpotifyId,
  groups: readonly AlbumGroup[],
  market: Market | null,
): List<Album> {
  const wanted = groupOrder.filter((group) => groups.length === 0 || groups.includes(group));
  // All four are what Spotify gives unasked: one list, whichever way it was asked for.
  const filter =
    wanted.length === groupOrder.length ? {} : { include_groups: wanted.join(',').toLowerCase() };
  return pagedList('artists/albums', `/artists/${id}/albums`, filter, market, (body, asked) => {
    const short = inShort(asked.market);
    return decodePage(body, asked, (item) => {
      const album = decodeAlbum(item, short);
      // Apps that are not told the group know it all the same where there is only one.
      return wanted.length === 1 ? { ...album, albumGroup: wanted[0] } : album;
    });
  });
}

export const albumTracks = (id: SpotifyId, market: Market | null): List<Track> =>
  pagedList('albums/tracks', `/albums/${id}/tracks`, {}, market, (body, asked) =>
    decodeAlbumTracks(body, asked, id),
  );

/** The finds of one kind; the kinds of one search share their calls. */
export function searchResults<K extends Kind>(kind: K, q: string, market: Market | null): List<KindOf[K]> {
  const results = pagedList('search', '/search', { q, type: kind }, market, (body, asked) => {
    const short = inShort(asked.market);
    return decodePage(fieldOf(body, `${kind}s`), asked, (item) => decodeFound[kind](item, short));
  });
  return {
    ...results,
    reach: searchReach,
    steadyTotal: false, // it drifts from page to page (spotify/web-api#201)
    page(offset, limit) {
      const page = results.page(offset, limit);
      const { type: _, ...window } = page.request.query;
      const batch: Batch = {
        key: `search?${new URLSearchParams(window)}`,
        max: Object.keys(decodeFound).length,
        request: (kinds) => ({ ...page.request, query: { ...window, type: kinds.join(',') } }),
        part: (body, index, kinds) => ({ [`${kinds[index]}s`]: fieldOf(body, `${kinds[index]}s`) }),
      };
      // Full objects are worth more than to be found again: they stand in for calls by their ids.
      return { ...page, brings: ({ items }) => partsOfEach(items), batch, batchValue: kind };
    },
  };
}

export interface KindOf {
  artist: Artist;
  album: Album;
  track: Track;
}

const decodeFound: { [K in Kind]: (item: unknown, short: Asked) => KindOf[K] } = {
  artist: (item, short) => decodeArtist(item, { ...short, full: true }),
  album: decodeAlbum,
  track: (item, short) => decodeTrack(item, { ...short, full: true }),
};

function pagedList<T extends SpotifyObject>(
  endpoint: PagedEndpoint,
  path: string,
  filter: Record<string, string>,
  market: Market | null,
  decode: (body: unknown, asked: AskedPage) => Page<T>,
): List<T> {
  const query = withMarket(filter, market);
  return {
    key: `${path}?${new URLSearchParams(query)}`,
    endpoint,
    reach: Number.POSITIVE_INFINITY,
    steadyTotal: true,
    page(offset, limit) {
      const window = { ...query, limit: `${limit}`, offset: `${offset}` };
      return {
        key: `${path}?${new URLSearchParams(window)}`,
        request: { family: endpoint, path, query: window },
        decode: (body) => decode(body, { offset, limit, market }),
        isWhole: (page) => isWhole(page.items),
        // Only a read by id tells that an object does not exist: a list without its page is a fault.
        refused(answer) {
          throwIfLimitRejected(answer);
          return undefined;
        },
        limit: {
          endpoint,
          list: `${path}?${new URLSearchParams(query)}`,
          items: limit,
          isGranted: (page) => page.limit === limit,
        },
        confirmed: (page, asOfMs) => ({ ...page, asOfMs }),
        brings: (page) => partsOfAll(page.items),
      };
    },
  };
}
