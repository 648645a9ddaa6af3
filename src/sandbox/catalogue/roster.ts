import type { AlbumGroup, Artist } from './model.ts';
import { drawPortraits } from './picture-files.ts';
import { createRandom, idOf } from './random.ts';
import { artistGenres, artistName } from './words.ts';

/** The fixed properties of an artist and its list of albums. */
export interface ArtistPlan {
  id: string;
  name: string;
  /** Slots in the list of albums, over all four groups and without a market. */
  slots: number;
  /** The `appears_on` albums of all artists are chosen from the albums of ordinary artists. */
  ordinary?: true;
  /** The group of all slots. Default: all four groups occur. */
  only?: AlbumGroup;
  /** Share of the artist's own albums that are limited to some markets. */
  limitedShare?: number;
  /** Slots that are counted but omitted: Gorillaz' pages of 20 have 20, 20, 20, 18, 3 of 83 (recorded 2025-08-31). */
  hidden?: readonly number[];
  /** Slots that contain JSON null. */
  nulls?: readonly number[];
  /** Slots that repeat the album of an earlier slot: `[slot, earlier slot]`. */
  repeats?: readonly (readonly [number, number])[];
  /** Counted but empty slots after the last album, with `next` set until the end (rspotify#492). */
  emptyTail?: number;
}

const fixture = (
  key: string,
  name: string,
  slots: number,
  properties: Partial<ArtistPlan> = {},
): ArtistPlan => ({
  id: idOf(`artist:${key}`),
  name,
  slots,
  ...properties,
});

/** Fixture artists: tests and examples use them by name. The lists with a number in their key have no defects. */
export const fixtureArtists = {
  bts: { id: '3Nrfpe0tUJi4K4DXYWgMUX', name: 'BTS', slots: 104 },
  albums0: fixture('albums0', 'Nothing Out Yet', 0),
  albums1: fixture('albums1', 'The Only Record', 1),
  albums9: fixture('albums9', 'Nine Lives Left', 9),
  albums10: fixture('albums10', 'Ten Past Ten', 10),
  albums11: fixture('albums11', 'Eleven Past Ten', 11),
  albums50: fixture('albums50', 'Fifty Fathoms Down', 50),
  albums120: fixture('albums120', 'One Hundred Twenty Choirs', 120),
  albums205: fixture('albums205', 'Two Hundred Five Cassettes', 205),
  gapped: fixture('gapped', 'Gaps in the Fence', 83, { hidden: [62, 68] }),
  nullsAndRepeats: fixture('nullsAndRepeats', 'Null and the Repeats', 30, {
    nulls: [4, 13],
    repeats: [
      [8, 2],
      [22, 3],
    ],
  }),
  overstated: fixture('overstated', 'The Overstatements', 4, { emptyTail: 93 }),
  /** Lists the fixture albums only. */
  edgeCases: fixture('edgeCases', 'Cabinet of Oddities', 0),
  /** The artist of compilations by several artists. */
  various: fixture('various', 'Various Artists', 11, { only: 'compilation' }),
} as const satisfies Record<string, ArtistPlan>;

export const ordinaryArtists = 44;
const fewestSlots = 12;
const mostSlots = 48;
// Enough that a market removes albums from most lists.
const ordinaryLimitedShare = 0.08;

/** All artists of the catalogue, fixtures first, then so many ordinary ones. */
export function planArtists(ordinaryCount: number): ArtistPlan[] {
  const ordinaryPlans = Array.from({ length: ordinaryCount }, (_, index): ArtistPlan => {
    const random = createRandom(`roster:${index}`);
    return {
      id: idOf(`artist:ordinary:${index}`),
      name: artistName(random, index),
      slots: random.between(fewestSlots, mostSlots),
      ordinary: true,
      limitedShare: ordinaryLimitedShare,
    };
  });
  return [...Object.values(fixtureArtists), ...ordinaryPlans];
}

const imagelessShare = 0.1;

export function drawArtist({ id, name }: ArtistPlan): Artist {
  const random = createRandom(`artist:${id}`);
  return {
    id,
    name,
    genres: artistGenres(random),
    followers: random.below(10 ** random.between(2, 7)),
    popularity: random.below(100),
    images: random.chance(imagelessShare) ? [] : drawPortraits(random),
  };
}
