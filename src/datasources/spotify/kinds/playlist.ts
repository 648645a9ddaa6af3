import { createHash } from 'node:crypto';
import { isObject, propertyOf } from '../../../json.ts';
import {
  booleanPart,
  expectObject,
  type Malformed,
  orMalformed,
  part,
  statedNull,
  statedType,
  stringPart,
  withId,
} from './decoding/json.ts';
import { decodeEmbeddedPage, type Page } from './decoding/page.ts';
import {
  type BaseFields,
  baseFields,
  type Decoded,
  type DecodedList,
  type Followers,
  followers,
  type Image,
  images,
  plainText,
} from './decoding/values.ts';
import { type Episode, episode } from './episode.ts';
import type { DecodeOptions, EmbeddedPage, KindDefinition, ListEntry, PagedListDefinition } from './kind.ts';
import { fallbackMarket } from './markets.ts';
import { isBareId, readId, type SpotifyId } from './spotify-id.ts';
import { type Track, track } from './track.ts';
import { decodeUser, type User } from './user.ts';

export interface Playlist extends BaseFields {
  kind: 'playlist';
  /** Null if the playlist has none. */
  description: Decoded<string | null>;
  collaborative: Decoded<boolean>;
  /** Null if Spotify does not state it. Simplified playlists lack it. */
  public: Decoded<boolean | null>;
  snapshotId: Decoded<string>;
  images: DecodedList<Image>;
  owner: Decoded<User>;
  followers: Decoded<Followers>;
  /** The first items, which a full playlist contains. Undefined in others, and if the app may not read them. */
  items: Decoded<Page<ListEntry>>;
}

/** One slot of a playlist. */
export interface PlaylistItem extends ListEntry {
  kind: 'playlist item';
  /** A time of ISO 8601; null in some very old playlists. */
  addedAt: Decoded<string | null>;
  addedBy: Decoded<User | null>;
  isLocal: Decoded<boolean>;
  item: Track | Episode | Malformed | null;
}

const freshMs = 5 * 60_000; // its owner may change it at any time

export const playlistItems = {
  name: 'playlists/items',
  path: (id) => `/playlists/${id}/items`,
  fallbackMarket, // without a market the episodes are null
  hasFullItems: true,
  withheldField: 'Playlist.items',
  isWithheldPerOwner: true, // an app in development mode gets the items of some playlists only
  pageSizes: [50, 20, 10],
  developmentPageSize: 50,
  freshMs,
  // Without the types, Spotify writes episodes as tracks.
  query: () => ({ additional_types: 'track,episode' }),
  identify: identified,
  decodeItem: decodePlaylistItem,
} as const satisfies PagedListDefinition<PlaylistItem>;

const embeddedItems: EmbeddedPage = {
  key: 'items',
  list: 'playlists/items',
  limit: 100,
  isInBatches: true,
};

export const playlist = {
  name: 'playlist',
  plural: 'playlists',
  takesMarket: true,
  fallbackMarket,
  query: playlistItems.query(),
  isFoundByBareId: false,
  batchSize: 1,
  freshMs,
  isSearchable: true,
  isFullInSearch: false,
  requiredFields: ['externalUrl', 'snapshotId', 'owner'],
  withheldFields: ['Playlist.items'],
  embedded: [],
  embeddedPage: embeddedItems,
  pagedLists: [playlistItems],
  unpagedLists: [],
  decode: decodePlaylist,
  withoutUncertainValues: (object) => (object.public === null ? { ...object, public: undefined } : object),
} as const satisfies KindDefinition<Playlist>;

/** @throws MalformedResponse without a readable id and name */
function decodePlaylist(value: unknown, options: DecodeOptions): Playlist {
  const json = expectObject(value, 'playlist');
  const base = baseFields(json, 'playlist', options);
  // Since February 2026 the items have the first name; some apps get both names, others the old one alone.
  const page = options.full ? [json['items'], json['tracks']].find(hasItems) : undefined;
  return {
    kind: 'playlist',
    ...base,
    description: plainText(json, 'description', 'playlist') ?? statedNull(json['description']),
    collaborative: booleanPart(json, 'collaborative', 'playlist'),
    public: booleanPart(json, 'public', 'playlist') ?? (options.full ? statedNull(json['public']) : null),
    snapshotId: stringPart(json, 'snapshot_id', 'playlist'),
    // Spotify sends null for a playlist without items, which has no picture.
    images: json['images'] === null ? [] : images(json, 'playlist'),
    owner: part(withId(json['owner']), decodeUser),
    followers: followers(json, 'playlist'),
    items: part(page, (it) => decodeEmbeddedPage(it, embeddedItems, options, base.id)) as Decoded<
      Page<ListEntry>
    >,
  };
}

/** Whether the page has items; simplified playlists have only their number. */
const hasItems = (page: unknown): boolean =>
  page !== undefined && page !== null && (!isObject(page) || 'items' in page);

/** The name of the contained object is `item`; until February 2026 it was `track`. */
const contentOf = (entry: unknown): unknown =>
  propertyOf(entry, 'item') ?? propertyOf(entry, 'track') ?? null;

/**
 * Adds to an entry, which has no id of its own, an id in the form of Spotify's, so that a cursor can find it again: a hash
 * of the contained object and the time at which it was added.
 */
function identified(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const content = contentOf(entry);
  const name = [propertyOf(content, 'uri'), propertyOf(entry, 'added_at')].join(' ');
  return { ...entry, id: createHash('sha256').update(name).digest('hex').slice(0, 22) };
}

/** @throws MalformedResponse if the entry is no object */
function decodePlaylistItem(value: unknown, options: DecodeOptions): PlaylistItem {
  const json = expectObject(value, 'playlist item');
  const { market } = options;
  const addedBy = withId(json['added_by']);
  return {
    kind: 'playlist item',
    isListEntry: true,
    id: idOf(json['id']),
    market,
    full: true,
    addedAt: stringPart(json, 'added_at', 'playlist item') ?? statedNull(json['added_at']),
    addedBy: part(addedBy, decodeUser) ?? statedNull(addedBy),
    isLocal: booleanPart(json, 'is_local', 'playlist item'),
    item: decodeContent(withId(contentOf(json)), { ...options, full: true }),
  };
}

/** A local file and the rest of a removed episode have no id; objects of a type that is not known here are left out. */
function decodeContent(value: unknown, options: DecodeOptions): PlaylistItem['item'] {
  if (value === null) return null;
  const uri = propertyOf(value, 'uri');
  const kindOfUri = typeof uri === 'string' ? (readId(uri)?.kind ?? null) : null;
  const type = statedType(value) ?? kindOfUri ?? 'track';
  if (type !== 'track' && type !== 'episode') return null;
  // Which of the two kinds has the id is not known.
  if (kindOfUri !== null && kindOfUri !== type) return { malformed: 'playlist item.type' };
  return orMalformed(() => (type === 'track' ? track : episode).decode(value, options));
}

function idOf(id: unknown): SpotifyId {
  if (typeof id === 'string' && isBareId(id)) return id;
  throw new Error('An entry of a playlist was not identified.');
}
