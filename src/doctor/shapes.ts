import * as z from 'zod';

/**
 * The shapes of Spotify's responses that this version of the gateway expects: the keys of each object and their types. An
 * app in development mode does not get the keys of `extendedOnly`. Source: responses recorded from 2024 to 2026, and
 * Spotify's migration guide of February 2026.
 */

/** The mode decides which keys are expected; with null those of extended mode may be there or not. */
export type ShapeMode = 'development' | 'extended' | null;

/** The name of a shape: the route, without ids. */
export type ShapeName = keyof ReturnType<typeof shapesOf>;

const text = z.string();
const texts = z.array(text);
const whole = z.int();
const flag = z.boolean();

const links = z.strictObject({ spotify: text });
const image = z.strictObject({ url: text, height: whole.nullish(), width: whole.nullish() });
const images = z.array(image);
const copyrights = z.array(z.strictObject({ text, type: text }));
const restrictions = z.strictObject({ reason: text });
const released = { release_date: text, release_date_precision: text };
const identity = { external_urls: links, href: text, id: text, name: text, type: text, uri: text };
const simplifiedArtist = z.strictObject(identity);
const reference = z.strictObject({ ...identity, name: text.optional() });

/** The keys that a market adds to an object; Spotify may also apply a market that the request does not name. */
const marketKeys = { is_playable: flag.optional(), restrictions: restrictions.optional() };

/** Removed objects stay in lists, as null or as an object without an id: they have no shape. */
const list = <T extends z.ZodType>(item: T) => z.preprocess(withoutRemoved, z.array(item));

function withoutRemoved(items: unknown): unknown {
  return Array.isArray(items) ? items.filter((item) => item !== null && item?.id !== null) : items;
}

const page = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    href: text,
    items: list(item),
    limit: whole,
    next: text.nullable(),
    offset: whole,
    previous: text.nullable(),
    total: whole,
  });

const episode = z.strictObject({
  ...identity,
  ...released,
  ...marketKeys,
  audio_preview_url: text.nullish(),
  description: text,
  duration_ms: whole,
  explicit: flag,
  html_description: text,
  images,
  is_externally_hosted: flag,
  language: text.optional(),
  languages: texts,
  resume_point: z.strictObject({ fully_played: flag, resume_position_ms: whole }).optional(),
});

const persons = z.array(z.strictObject({ name: text }));

const contents = z.strictObject({ href: text, total: whole });
const playlistKeys = {
  ...identity,
  collaborative: flag,
  description: text.nullable(),
  images: images.nullable(), // null for a playlist without items
  items: contents.optional(),
  owner: z.strictObject({ ...identity, name: text.optional(), display_name: text.nullish() }),
  primary_color: text.nullable(),
  public: flag.nullable(),
  snapshot_id: text,
};

/** Keys that Spotify sends to apps in extended mode only. */
type KeysOfMode = (keys: z.ZodRawShape) => z.ZodRawShape;

const keysOf =
  (mode: ShapeMode): KeysOfMode =>
  (keys) => {
    if (mode === 'extended') return keys;
    return mode === 'development' ? {} : z.object(keys).partial().shape;
  };

function musicShapes(extendedOnly: KeysOfMode) {
  const markets = extendedOnly({ available_markets: texts.optional() }); // not if the request names a market

  const artist = z.strictObject({
    ...identity,
    images,
    ...extendedOnly({
      followers: z.strictObject({ href: z.null(), total: whole }),
      genres: texts,
      popularity: whole,
    }),
  });

  const albumKeys = {
    ...identity,
    ...released,
    ...marketKeys,
    ...markets,
    album_type: text,
    artists: z.array(simplifiedArtist),
    images,
    total_tracks: whole,
  };
  const album = z.strictObject(albumKeys);

  const trackKeys = {
    ...identity,
    ...marketKeys,
    ...markets,
    ...extendedOnly({ linked_from: reference.optional(), preview_url: text.nullish() }),
    artists: z.array(simplifiedArtist),
    disc_number: whole,
    duration_ms: whole,
    explicit: flag,
    is_local: flag,
    track_number: whole,
  };
  const track = z.strictObject({
    ...trackKeys,
    ...extendedOnly({ popularity: whole }),
    album,
    external_ids: z.strictObject({ isrc: text.optional(), ean: text.optional(), upc: text.optional() }),
  });
  const fullAlbum = z.strictObject({
    ...albumKeys,
    ...extendedOnly({ label: text, popularity: whole }),
    copyrights,
    external_ids: z.strictObject({ upc: text.optional(), ean: text.optional(), isrc: text.optional() }),
    genres: texts,
    tracks: page(z.strictObject(trackKeys)),
  });
  return { artist, albumKeys, album, track, fullAlbum };
}

function otherShapes(extendedOnly: KeysOfMode) {
  const publishedKeys = {
    ...identity,
    ...extendedOnly({ available_markets: texts, publisher: text }),
    copyrights,
    description: text,
    explicit: flag,
    html_description: text,
    images,
    languages: texts,
    media_type: text,
  };
  const showKeys = { ...publishedKeys, is_externally_hosted: flag, total_episodes: whole };
  const audiobook = z.strictObject({
    ...publishedKeys,
    authors: persons,
    edition: text.nullish(),
    is_externally_hosted: flag.nullish(),
    narrators: persons,
    total_chapters: whole.nullish(),
  });
  const playlist = z.strictObject({ ...playlistKeys, ...extendedOnly({ tracks: contents.optional() }) });
  return { showKeys, audiobook, playlist };
}

/** The shapes of the responses that an app in this mode gets. */
export function shapesOf(mode: ShapeMode) {
  const extendedOnly = keysOf(mode);
  const { artist, albumKeys, album, track, fullAlbum } = musicShapes(extendedOnly);
  const { showKeys, audiobook, playlist } = otherShapes(extendedOnly);
  return {
    search: z.strictObject({
      artists: page(artist),
      albums: page(album),
      tracks: page(track),
      shows: page(z.strictObject(showKeys)),
      episodes: page(episode),
      audiobooks: page(audiobook),
      playlists: page(playlist),
    }),
    'artists/{id}': artist,
    'artists/{id}/albums': page(
      z.strictObject({ ...albumKeys, ...extendedOnly({ album_group: text.optional() }) }),
    ),
    'artists/{id}/top-tracks': z.strictObject({ tracks: z.array(track) }),
    'artists/{id}/related-artists': z.strictObject({ artists: z.array(artist) }),
    albums: z.strictObject({ albums: z.array(fullAlbum) }),
    'albums/{id}': fullAlbum,
    'tracks/{id}': track,
    'shows/{id}': z.strictObject({ ...showKeys, episodes: page(episode) }),
  };
}
