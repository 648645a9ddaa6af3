import { kindNames, kinds } from '../datasources/spotify/index.ts';
import type { ReadBody } from './differences.ts';

/** Which fields the objects in the responses have. */
export interface SeenFields {
  /** For each field that Spotify may withhold, such as `Artist.genres`, whether it does; no entry if no object was read. */
  withheld: Readonly<Record<string, boolean>>;
}

/** How the responses depend on a market. */
export interface MarketBehaviour {
  /**
   * Without a market: `listed`, objects list the markets in which they are available; `applied`, they state whether they
   * are playable, so Spotify applies a market of its own; `none`, neither.
   */
  without: 'listed' | 'applied' | 'none' | 'unknown';
  /** With a market: whether a track states that it is playable; null if none was read. */
  withStatesPlayable: boolean | null;
}

type Json = Readonly<Record<string, unknown>>;

/** The places of full objects, from which Spotify withholds the fields of the kind. */
const fullObjects: readonly { shape: ReadBody['shape']; kind: string; find(body: Json): unknown }[] = [
  { shape: 'search', kind: 'artist', find: ({ artists }) => itemsOf(artists) },
  { shape: 'artists/{id}', kind: 'artist', find: (artist) => [artist] },
  { shape: 'search', kind: 'track', find: ({ tracks }) => itemsOf(tracks) },
  { shape: 'search', kind: 'show', find: ({ shows }) => itemsOf(shows) },
  { shape: 'search', kind: 'audiobook', find: ({ audiobooks }) => itemsOf(audiobooks) },
  { shape: 'albums', kind: 'album', find: ({ albums }) => albums },
  { shape: 'albums/{id}', kind: 'album', find: (album) => [album] },
  { shape: 'tracks/{id}', kind: 'track', find: (track) => [track] },
  { shape: 'shows/{id}', kind: 'show', find: (show) => [show] },
];

export function seenFields(bodies: readonly ReadBody[]): SeenFields {
  const entries = kindNames.flatMap((kind) => {
    const objects = objectsOf(bodies, kind);
    if (objects.length === 0) return [];
    return kinds[kind].withheldFields.map((field) => {
      const key = keyOf(field);
      return [field, !objects.some((object) => key in object)] as const;
    });
  });
  return { withheld: Object.fromEntries(entries) };
}

/** Spotify's key of a field: `preview_url` for `Track.previewUrl`. */
const keyOf = (field: string): string =>
  field.replace(/^.*\./, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function objectsOf(bodies: readonly ReadBody[], kind: string): Json[] {
  const places = fullObjects.filter((place) => place.kind === kind);
  return places.flatMap(({ shape, find }) =>
    bodies
      .filter((read) => read.shape === shape)
      .flatMap(({ body }) => objectsIn([body]).flatMap((json) => objectsIn(find(json)))),
  );
}

const itemsOf = (page: unknown): unknown => (page as { items?: unknown } | null | undefined)?.items;

const objectsIn = (values: unknown): Json[] =>
  Array.isArray(values) ? values.filter((value) => typeof value === 'object' && value !== null) : [];

export function marketBehaviour(bodies: readonly ReadBody[]): MarketBehaviour {
  // Lists of an album's tracks: in development mode a full track is playable or not even without a market.
  const albums = objectsOf(bodies, 'album');
  const albumTracks = albums.flatMap(({ tracks }) => objectsIn(itemsOf(tracks)));
  const [trackInMarket] = objectsIn([bodies.find(({ shape }) => shape === 'tracks/{id}')?.body]);
  return {
    without: withoutMarket(albumTracks),
    withStatesPlayable: trackInMarket === undefined ? null : 'is_playable' in trackInMarket,
  };
}

function withoutMarket(tracks: readonly Json[]): MarketBehaviour['without'] {
  if (tracks.length === 0) return 'unknown';
  if (tracks.some((track) => 'available_markets' in track)) return 'listed';
  return tracks.some((track) => 'is_playable' in track) ? 'applied' : 'none';
}
