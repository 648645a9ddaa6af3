import type { PlaylistSlot, User } from '../catalogue/model.ts';
import { type QuotaMode, withheldFields } from '../quota-mode.ts';
import { type JsonObject, without } from './object-parts.ts';
import { createObjects } from './objects.ts';
import { createPodcastObjects, shell } from './podcast-objects.ts';
import type { RequestContext } from './request-context.ts';
import { showIn } from './shows.ts';

/** The keys that every user has. */
export const userLinks = (apiUrl: string, { id }: User): JsonObject => ({
  external_urls: { spotify: `https://open.spotify.com/user/${id}` },
  href: `${apiUrl}/users/${id}`,
  id,
  type: 'user',
  uri: `spotify:user:${id}`,
});

/**
 * Creates a function that writes one slot of a playlist.
 * @param market the market that the call is for, null for none
 */
export function playlistItemWriter(request: RequestContext, market: string | null) {
  const { catalogue, conditions, apiUrl, query } = request;
  const objects = createObjects(request, market);
  const podcasts = createPodcastObjects(request, market);
  const types = (query.get('additional_types') ?? 'track').split(',');

  /** Episodes, and the remains of removed episodes, are null for a call that does not name their type. */
  const contentOf = (slot: PlaylistSlot): JsonObject | null => {
    const track = slot.shows === 'track' ? catalogue.track(slot.trackId) : undefined;
    if (track) return inPlaylist(objects.track(track));
    if (slot.shows === 'local') return localFile(slot.name, withheldFields[conditions.quotaMode]);
    if (!types.includes('episode')) return null;
    if (slot.shows === 'shell') return { ...shell(apiUrl), episode: true, track: false };
    const episode = slot.shows === 'episode' ? catalogue.episode(slot.episodeId) : undefined;
    const isFound = episode && showIn(request, episode.showId, market);
    return isFound ? { ...podcasts.fullEpisode(episode), episode: true, track: false } : null;
  };

  return (slot: PlaylistSlot): JsonObject => {
    const content = contentOf(slot);
    return {
      added_at: slot.addedAt,
      added_by: slot.addedBy && userLinks(apiUrl, slot.addedBy),
      is_local: slot.shows === 'local',
      primary_color: null,
      // Apps that keep their endpoints get the old name and the new one (recorded in 2026).
      ...(conditions.quotaMode === 'extended' && { track: content }),
      item: content,
      video_thumbnail: { url: null },
    };
  };
}

/** The key order of tracks and their albums in playlists differs from that of the same objects elsewhere. */
const trackKeys = [
  ...['preview_url', 'available_markets', 'is_playable', 'linked_from', 'restrictions', 'explicit', 'type'],
  ...['episode', 'track', 'album', 'artists', 'disc_number', 'track_number', 'duration_ms', 'external_ids'],
  ...['external_urls', 'href', 'id', 'name', 'popularity', 'uri', 'is_local'],
];
const albumKeys = [
  ...[
    'available_markets',
    'is_playable',
    'restrictions',
    'type',
    'album_type',
    'href',
    'id',
    'images',
    'name',
  ],
  ...['release_date', 'release_date_precision', 'uri', 'artists', 'external_urls', 'total_tracks'],
];

const inOrder = (keys: readonly string[], object: JsonObject): JsonObject =>
  Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]]));

const inPlaylist = (track: JsonObject): JsonObject =>
  inOrder(trackKeys, {
    ...track,
    episode: false,
    track: true,
    album: inOrder(albumKeys, track['album'] as JsonObject),
  });

/** A file on the disk of a user, as recorded: it has no id. */
const localFile = (name: string, withheld: (typeof withheldFields)[QuotaMode]): JsonObject =>
  without(withheld.track, {
    preview_url: null,
    available_markets: [],
    explicit: false,
    type: 'track',
    episode: false,
    track: true,
    album: without(withheld.album, {
      available_markets: [],
      type: 'album',
      album_type: null,
      href: null,
      id: null,
      images: [],
      name: '',
      release_date: null,
      release_date_precision: null,
      uri: null,
      artists: [],
      external_urls: {},
    }),
    artists: [{ external_urls: {}, href: null, id: null, name: 'Somebody', type: 'artist', uri: null }],
    disc_number: 0,
    track_number: 0,
    duration_ms: 180_000,
    external_ids: {},
    external_urls: {},
    href: null,
    id: null,
    name,
    popularity: 0,
    uri: `spotify:local:Somebody::${encodeURIComponent(name).replaceAll('%20', '+')}:180`,
    is_local: true,
  });
