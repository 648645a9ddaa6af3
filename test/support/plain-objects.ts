/** Ordinary objects as Spotify sends them to an app in extended quota mode. */

export type PlainKind = 'artist' | 'album' | 'track';

const link = (kind: string, id: string) => ({
  external_urls: { spotify: `https://open.spotify.com/${kind}/${id}` },
  href: `https://api.spotify.com/v1/${kind}s/${id}`,
  id,
  type: kind,
  uri: `spotify:${kind}:${id}`,
});

/** An id of 22 characters that contains its number. */
export const plainId = (number: number): string => `1${`${number}`.padStart(21, '0')}`;

const someArtistId = plainId(1);
const someAlbumId = plainId(5);

/** An object of any kind with the fields that all kinds have, and its id as its name. */
export const namedObject = (kind: string, id: string) => ({ ...link(kind, id), name: id });

export const shortArtist = (id: string) => ({ ...link('artist', id), name: `Artist ${id}` });

export const fullArtist = (id: string) => ({
  ...shortArtist(id),
  followers: { href: null, total: 10 },
  genres: ['pop'],
  images: [{ url: 'https://i.scdn.co/image/a', height: 640, width: 640 }],
  popularity: 50,
});

export const shortAlbum = (id: string) => ({
  ...link('album', id),
  album_type: 'album',
  album_group: 'album',
  artists: [shortArtist(someArtistId)],
  available_markets: ['DE'],
  images: [{ url: 'https://i.scdn.co/image/b', height: 640, width: 640 }],
  name: `Album ${id}`,
  release_date: '2020-01-02',
  release_date_precision: 'day',
  total_tracks: 2,
});

/** Without the embedded page of tracks, so that the gateway has to request the list. */
export const fullAlbum = (id: string) => ({
  ...shortAlbum(id),
  copyrights: [{ text: '© 2020', type: 'C' }],
  external_ids: { upc: '00602445790098' },
  genres: [],
  label: 'Label',
  popularity: 40,
});

export const shortTrack = (id: string) => ({
  ...link('track', id),
  artists: [shortArtist(someArtistId)],
  available_markets: ['DE'],
  disc_number: 1,
  duration_ms: 200_000,
  explicit: false,
  is_local: false,
  name: `Track ${id}`,
  preview_url: null,
  track_number: 1,
});

export const fullTrack = (id: string) => ({
  ...shortTrack(id),
  album: shortAlbum(someAlbumId),
  external_ids: { isrc: 'DE1234567890' },
  popularity: 40,
});

const full = { artist: fullArtist, album: fullAlbum, track: fullTrack };

/** The full object of an id. */
export const plainObject = (kind: PlainKind, id: string): object => full[kind](id);

/** The page of a list that has no other pages, except for the keys in `rest`. */
export const plainPage = (items: readonly unknown[], rest: object = {}) => ({
  href: '',
  items,
  limit: 50,
  next: null,
  offset: 0,
  previous: null,
  total: items.length,
  ...rest,
});
