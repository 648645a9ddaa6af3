import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { type Album, type AlbumGroup, album, artistAlbums } from './kinds/album.ts';
import { type Artist, relatedArtists } from './kinds/artist.ts';
import { byId } from './kinds/endpoint-request.ts';
import { type Kind, type KindOf, typedKinds } from './kinds/index.ts';
import type { Malformed } from './kinds/json.ts';
import type { Entity, ShortListDefinition } from './kinds/kind.ts';
import { type PagedList, pagedList, shortList } from './kinds/lists.ts';
import { type Market, parseMarket } from './kinds/markets.ts';
import type { Page } from './kinds/page.ts';
import { searchResults } from './kinds/search.ts';
import { albumTracks, type Track, topTracks } from './kinds/track.ts';
import { type FieldContext, recordUnavailable } from './usage/field-context.ts';

/** The lists of objects. A `market` of null means the market of the owner, and after it the default market. */
export interface EntityLists {
  /** Null if Spotify withholds the list from this app. */
  topTracks(
    artist: ObjectKey,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<readonly Item<Track>[] | null>;
  /** Null if Spotify withholds the list from this app. */
  relatedArtists(artist: ObjectKey, fieldContext: FieldContext): Promise<readonly Item<Artist>[] | null>;
  /** @param groups none for all of them */
  albumsOf(artist: ObjectKey, groups: readonly AlbumGroup[], market: Market | null): PagedList<Album>;
  tracksOf(album: Album, market: Market | null): PagedList<Track>;
  search<K extends Kind>(kind: K, q: string, market: Market | null): PagedList<KindOf[K]>;
}

export type Item<T> = T | Malformed;

/** The part of an object by which its lists are read. */
export type ObjectKey = Pick<Entity, 'id' | 'market'>;

const chartMarket = parseMarket('US'); // Spotify's own default (spotify/web-api#813)

export function createEntityLists(
  cache: ReadThroughCache,
  capabilities: Capabilities,
  defaultMarket: Market | null,
): EntityLists {
  const marketOf = (named: Market | null, owner?: ObjectKey): Market | null =>
    named ?? owner?.market ?? defaultMarket;

  async function readShortList<T extends Entity>(
    list: ShortListDefinition<T>,
    owner: ObjectKey,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<Item<T>[] | null> {
    const request = shortList(list, owner.id, market);
    const items = await capabilities.withFeature(list.name, owner.id, () => cache.get(request, fieldContext));
    if (items === null) recordUnavailable(fieldContext);
    return items?.filter((item) => item !== null) ?? null;
  }

  return {
    topTracks: (artist, market, fieldContext) =>
      readShortList(topTracks, artist, marketOf(market, artist) ?? chartMarket, fieldContext),
    async relatedArtists(artist, fieldContext) {
      const related = await readShortList(relatedArtists, artist, null, fieldContext);
      return related?.map((item) => ({ ...item, market: artist.market })) ?? null;
    },
    albumsOf: (artist, groups, market) =>
      pagedList(artistAlbums, artist.id, groups, marketOf(market, artist)),
    tracksOf(owner, named) {
      const market = marketOf(named, owner);
      return {
        ...pagedList(albumTracks, owner.id, undefined, market),
        // A full album contains its first tracks, and costs the same call as they do.
        async embeddedFirstPage(fieldContext) {
          if (owner.tracks && market === owner.market) return tracksIn(owner);
          const full = await cache.get(byId(album, owner.id, market), fieldContext);
          return full === null ? null : tracksIn(full);
        },
      };
    },
    search: <K extends Kind>(kind: K, q: string, market: Market | null) =>
      searchResults(typedKinds[kind], q, marketOf(market)),
  };
}

/** The embedded page of an album was decoded with the list of its tracks. */
const tracksIn = ({ tracks }: Album): Page<Track> | undefined => tracks as Page<Track> | undefined;
