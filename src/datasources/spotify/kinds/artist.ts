import { expectArray, expectObject, intPart, type Json, part, partOrNull, withId } from './decoding/json.ts';
import {
  type BaseFields,
  baseFields,
  type Decoded,
  type DecodedList,
  type Followers,
  followers,
  type Image,
  images,
  simplifiedOptions,
  texts,
} from './decoding/values.ts';
import {
  type DecodeOptions,
  type Entity,
  hourMs,
  type KindDefinition,
  type UnpagedListDefinition,
} from './kind.ts';

export interface Artist extends BaseFields {
  kind: 'artist';
  images: DecodedList<Image>;
  genres: DecodedList<string>;
  followers: Decoded<Followers>;
  popularity: Decoded<number>;
}

/** At most twenty artists; only for apps that had access before November 2024. */
export const relatedArtists = {
  name: 'artists/related-artists',
  path: (id) => `/artists/${id}/related-artists`,
  key: 'artists',
  freshMs: 6 * hourMs,
  takesMarket: false,
  decodeItem: decodeArtist,
} as const satisfies UnpagedListDefinition<Artist>;

export const artist = {
  name: 'artist',
  plural: 'artists',
  takesMarket: false,
  isFoundByBareId: true,
  batchSize: 50,
  freshMs: 6 * hourMs,
  isSearchable: true,
  isFullInSearch: true,
  withheldFields: ['Artist.followers', 'Artist.genres', 'Artist.popularity'],
  requiredFields: ['externalUrl'],
  requiredIfFull: ['images'],
  embedded: [],
  pagedLists: [],
  unpagedLists: [relatedArtists],
  decode: decodeArtist,
} as const satisfies KindDefinition<Artist>;

/** @throws MalformedResponse without a readable id and name */
function decodeArtist(value: unknown, options: DecodeOptions): Artist {
  const json = expectObject(value, 'artist');
  return {
    kind: 'artist',
    ...baseFields(json, 'artist', options),
    images: images(json, 'artist'),
    genres: texts(json, 'genres', 'artist'),
    followers: followers(json, 'artist'),
    popularity: intPart(json, 'popularity', 'artist'),
  };
}

/** The simplified artists inside another object. */
export function simplifiedArtists(json: Json, where: string, options: DecodeOptions): DecodedList<Artist> {
  const simplified = simplifiedOptions(options);
  return part(json['artists'], (artists) =>
    expectArray(artists, `${where}.artists`).map((item) =>
      partOrNull(withId(item), (present) => simplifiedArtist(present, simplified)),
    ),
  );
}

function simplifiedArtist(value: unknown, options: DecodeOptions): Artist {
  const { id, name } = expectObject(value, 'artist');
  const decoded = options.simplified?.get(id);
  if (decoded && isArtist(decoded) && decoded.name === name) return decoded;
  const artist = decodeArtist(value, options);
  if (typeof artist.externalUrl === 'string') options.simplified?.set(id, artist);
  return artist;
}

const isArtist = (object: Entity): object is Artist => object.kind === 'artist';
