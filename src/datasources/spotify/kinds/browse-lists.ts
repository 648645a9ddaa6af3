import { type Album, album } from './album.ts';
import { type Category, decodeCategory, identifiedCategory } from './category.ts';
import { type DecodeOptions, dayMs, type Entity, type PagedEndpointDefinition } from './kind.ts';
import { type Playlist, playlist } from './playlist.ts';
import { pathSegment } from './spotify-id.ts';

/**
 * A list that belongs to no object of the catalogue. It is the same in every market, and only some apps may read it.
 * `O` names its owner, if it has one.
 */
export interface BrowseListDefinition<T extends Entity, O = unknown> extends PagedEndpointDefinition {
  path(owner: O): string;
  /** The owner from its id, which is the last segment but one of the path. */
  ownerOf?(id: string): O;
  /**
   * The meaning of a 404 for a list that has an owner: the owner does not exist, unless a later page is not found, which is
   * a fault; or the app may not read the list, because the owner was read before. For a list without an owner it is a fault.
   */
  on404?: 'absent' | 'withheld';
  /** The key of the page in the response; without one, the response is the page. */
  key?: string;
  /** The field that reads the list; it is null for an app from which Spotify withholds the list. */
  withheldField: string;
  /** Adds an id to an item to which Spotify gives none; by default an item without an id is null. */
  identify?(item: unknown): unknown;
  decodeItem(item: unknown, options: DecodeOptions): T;
}

const pageSizes = { pageSizes: [50, 20, 10], developmentPageSize: 50 } as const;

export const newReleases = {
  name: 'browse/new-releases',
  path: () => '/browse/new-releases',
  key: 'albums',
  withheldField: 'Query.newReleases',
  ...pageSizes,
  freshMs: 5 * 60_000,
  decodeItem: album.decode,
} as const satisfies BrowseListDefinition<Album>;

export const categories = {
  name: 'browse/categories',
  path: () => '/browse/categories',
  key: 'categories',
  withheldField: 'Query.categories',
  ...pageSizes,
  freshMs: dayMs,
  identify: identifiedCategory,
  decodeItem: decodeCategory,
} as const satisfies BrowseListDefinition<Category>;

export const categoryPlaylists = {
  name: 'browse/categories/playlists',
  path: ({ categoryId }) => `/browse/categories/${pathSegment(categoryId)}/playlists`,
  ownerOf: (categoryId) => ({ categoryId }),
  on404: 'withheld',
  key: 'playlists',
  withheldField: 'Category.playlists',
  ...pageSizes,
  freshMs: playlist.freshMs,
  decodeItem: playlist.decode,
} as const satisfies BrowseListDefinition<Playlist, Pick<Category, 'categoryId'>>;

export const userPlaylists = {
  name: 'users/playlists',
  path: ({ id }) => `/users/${pathSegment(id)}/playlists`,
  ownerOf: (id) => ({ id }),
  on404: 'absent',
  withheldField: 'User.playlists',
  ...pageSizes,
  freshMs: playlist.freshMs,
  decodeItem: playlist.decode,
} as const satisfies BrowseListDefinition<Playlist, { id: string }>;

export const browseLists = [newReleases, categories, categoryPlaylists, userPlaylists] as const;
