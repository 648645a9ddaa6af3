import { albumId, artistId, trackId } from './ids.js';
import { markets } from './markets.js';

/** One artist's music in Spotify's own shape, with all that Spotify sends along and nobody here reads. */

export const albumsPerArtist = 120;
export const tracksPerAlbum = 12;
export const apiUrl = 'https://api.spotify.com/v1';

const embeddedTracks = 50;
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
    ...(extended && { followers: { href: null, total: 1_234_567 } }),
    genres: ['k-pop', 'pop'],
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
    available_markets: markets,
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
    available_markets: markets,
    disc_number: 1,
    duration_ms: 180_000 + track * 1_357,
    explicit: track % 5 === 0,
    ...identity('track', id),
    name: nameOf(album + track),
    preview_url: extended ? `https://p.scdn.co/mp3-preview/${hash.slice(0, 40)}` : null,
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

export const artistAlbums = (seed, window, mode) =>
  page(`artists/${artistId(seed)}/albums`, window, albumsPerArtist, (album) => shortAlbum(seed, album, mode));

export const albumTracks = (seed, album, window, mode) =>
  page(`albums/${albumId(seed, album)}/tracks`, window, tracksPerAlbum, (track) =>
    shortTrack(seed, album, track, mode),
  );

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
