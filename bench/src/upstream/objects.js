import { albumId, artistId, episodeId, playlistId, showId, trackId } from './ids.js';
import { markets } from './markets.js';

/**
 * One artist's objects in Spotify's format, with all fields that Spotify sends to an app of the mode, even if the operations do
 * not select them.
 */

export const albumsPerArtist = 120;
export const tracksPerAlbum = 12;
export const episodesPerShow = 60;
export const itemsPerPlaylist = 60;
export const apiUrl = 'https://api.spotify.com/v1';

const embeddedTracks = 50;
const embeddedEpisodes = 50;
const embeddedItems = 100;
const types = ['album', 'single', 'single', 'compilation'];
const words = ['Harbour', 'Évidence', '봄날', 'Nine Lives', 'The “Long” Way', 'Interlude', 'Paper Moons'];
const hash = '0123456789abcdef'.repeat(3);

const nameOf = (number) => `${words[number % words.length]} ${number}`;

const identity = (type, id) => ({
  external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
  href: `${apiUrl}/${type}s/${id}`,
  id,
});

const images = (number) =>
  [640, 300, 64].map((size) => ({
    height: size,
    url: `https://i.scdn.co/image/${hash.slice(0, 37)}${String(number % 1000).padStart(3, '0')}`,
    width: size,
  }));

const shortArtist = (seed) => {
  const id = artistId(seed);
  return { ...identity('artist', id), name: 'The Bench', type: 'artist', uri: `spotify:artist:${id}` };
};

export function artist(seed, { extended }) {
  const id = artistId(seed);
  return {
    ...identity('artist', id),
    ...(extended && { followers: { href: null, total: 1_234_567 }, genres: ['k-pop', 'pop'] }),
    images: images(0),
    name: 'The Bench',
    ...(extended && { popularity: 71 }),
    type: 'artist',
    uri: `spotify:artist:${id}`,
  };
}

export function shortAlbum(seed, album, { extended }) {
  const id = albumId(seed, album);
  return {
    album_type: types[album % types.length],
    total_tracks: tracksPerAlbum,
    ...(extended && { available_markets: markets }),
    ...identity('album', id),
    images: images(album),
    name: nameOf(album),
    release_date: `20${String(10 + (album % 15))}-0${1 + (album % 9)}-1${album % 9}`,
    release_date_precision: 'day',
    type: 'album',
    uri: `spotify:album:${id}`,
    artists: [shortArtist(seed)],
    ...(extended && { album_group: types[album % types.length] }),
  };
}

function shortTrack(seed, album, track, { extended }) {
  const id = trackId(seed, album, track);
  return {
    artists: [shortArtist(seed)],
    ...(extended && { available_markets: markets }),
    disc_number: 1,
    duration_ms: 180_000 + track * 1_357,
    explicit: track % 5 === 0,
    ...identity('track', id),
    name: nameOf(album + track),
    ...(extended && { preview_url: `https://p.scdn.co/mp3-preview/${hash.slice(0, 40)}` }),
    track_number: track + 1,
    type: 'track',
    uri: `spotify:track:${id}`,
    is_local: false,
  };
}

export function fullAlbum(seed, album, mode) {
  const { album_group: _, ...short } = shortAlbum(seed, album, mode);
  return {
    ...short,
    tracks: albumTracks(seed, album, { offset: 0, limit: embeddedTracks }, mode),
    copyrights: [{ text: '2026 The Bench', type: 'C' }],
    external_ids: { upc: '0123456789012' },
    genres: [],
    ...(mode.extended && { label: 'Bench Records', popularity: 50 }),
  };
}

export const artistAlbums = (seed, window, mode, total = albumsPerArtist) =>
  page(`artists/${artistId(seed)}/albums`, window, total, (album) => shortAlbum(seed, album, mode));

export const albumTracks = (seed, album, window, mode) =>
  page(`albums/${albumId(seed, album)}/tracks`, window, tracksPerAlbum, (track) =>
    shortTrack(seed, album, track, mode),
  );

const description = 'An episode about music that was played on a bench. '.repeat(8);

function shortEpisode(seed, episode) {
  const id = episodeId(seed, episode);
  return {
    audio_preview_url: null,
    description,
    duration_ms: 1_800_000 + episode * 1_357,
    explicit: false,
    ...identity('episode', id),
    html_description: `<p>${description}</p>`,
    images: images(episode),
    is_externally_hosted: false,
    is_playable: true,
    language: 'en',
    languages: ['en'],
    name: nameOf(episode),
    release_date: `20${String(10 + (episode % 15))}-0${1 + (episode % 9)}-1${episode % 9}`,
    release_date_precision: 'day',
    type: 'episode',
    uri: `spotify:episode:${id}`,
  };
}

export const showEpisodes = (seed, window) =>
  page(`shows/${showId(seed)}/episodes`, window, episodesPerShow, (episode) => shortEpisode(seed, episode));

/** A show contains its first episodes. */
export function show(seed, { extended }) {
  const id = showId(seed);
  return {
    ...(extended && { available_markets: markets, publisher: 'Bench Radio' }),
    copyrights: [],
    description,
    episodes: showEpisodes(seed, { offset: 0, limit: embeddedEpisodes }),
    explicit: false,
    ...identity('show', id),
    html_description: `<p>${description}</p>`,
    images: images(0),
    is_externally_hosted: false,
    languages: ['en'],
    media_type: 'audio',
    name: 'The Bench Show',
    total_episodes: episodesPerShow,
    type: 'show',
    uri: `spotify:show:${id}`,
  };
}

const owner = {
  display_name: 'Bench',
  external_urls: { spotify: 'https://open.spotify.com/user/bench' },
  href: `${apiUrl}/users/bench`,
  id: 'bench',
  type: 'user',
  uri: 'spotify:user:bench',
};

function playlistItem(seed, slot, mode) {
  const track = {
    ...shortTrack(seed, slot, 0, mode),
    album: shortAlbum(seed, slot, mode),
    external_ids: { isrc: 'XXBEN2600001' },
    ...(mode.extended && { popularity: 40 }),
  };
  return {
    added_at: `2026-01-${String(1 + (slot % 28)).padStart(2, '0')}T10:00:00Z`,
    added_by: owner,
    is_local: false,
    primary_color: null,
    item: track,
  };
}

export const playlistItems = (seed, window, mode) =>
  page(`playlists/${playlistId(seed)}/items`, window, itemsPerPlaylist, (slot) =>
    playlistItem(seed, slot, mode),
  );

/** A playlist contains its first items. */
export function playlist(seed, mode) {
  const id = playlistId(seed);
  return {
    collaborative: false,
    description: 'Music for a bench',
    ...identity('playlist', id),
    followers: { href: null, total: 12 },
    images: images(0),
    name: 'The Bench List',
    owner,
    public: true,
    snapshot_id: hash.slice(0, 40),
    items: playlistItems(seed, { offset: 0, limit: embeddedItems }, mode),
    type: 'playlist',
    uri: `spotify:playlist:${id}`,
  };
}

function page(path, { offset, limit }, total, item) {
  const link = (to) => `${apiUrl}/${path}?offset=${to}&limit=${limit}`;
  return {
    href: link(offset),
    limit,
    next: offset + limit < total ? link(offset + limit) : null,
    offset,
    previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
    total,
    items: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => item(offset + i)),
  };
}
