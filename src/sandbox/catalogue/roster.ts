import type { AlbumGroup } from './model.ts';
import { createRandom, idOf } from './random.ts';
import { artistName } from './words.ts';

/** What is decided about an artist and its list of albums before anything is drawn. */
export interface ArtistPlan {
  id: string;
  name: string;
  /** Places in the list of albums, over all four groups and without a market. */
  slots: number;
  /** Albums of ordinary artists are the pool that everybody's `appears_on` is drawn from. */
  ordinary?: true;
  /** The one group that all places are in; without it all four groups are there. */
  only?: AlbumGroup;
  /** Own albums that are limited to some markets, as a share of all. */
  limitedShare?: number;
  /** Places that are counted but not shown: Gorillaz' pages of 20 are 20, 20, 20, 18, 3 of 83 (recorded 2025-08-31). */
  hidden?: readonly number[];
  /** Places that hold JSON null. */
  nulls?: readonly number[];
  /** A place that shows the album of an earlier place once more: `[place, earlier place]`. */
  repeats?: readonly (readonly [number, number])[];
  /** Places after the last album that are counted and empty, with `next` set to the end (rspotify#492). */
  emptyTail?: number;
}

const landmark = (key: string, name: string, slots: number, rest: Partial<ArtistPlan> = {}): ArtistPlan => ({
  id: idOf(`artist:${key}`),
  name,
  slots,
  ...rest,
});

/** Artists that tests and examples call by name. The lists with a number in their key have no flaw. */
export const landmarkArtists = {
  bts: { id: '3Nrfpe0tUJi4K4DXYWgMUX', name: 'BTS', slots: 104 },
  albums0: landmark('albums0', 'Nothing Out Yet', 0),
  albums1: landmark('albums1', 'The Only Record', 1),
  albums9: landmark('albums9', 'Nine Lives Left', 9),
  albums10: landmark('albums10', 'Ten Past Ten', 10),
  albums11: landmark('albums11', 'Eleven Past Ten', 11),
  albums50: landmark('albums50', 'Fifty Fathoms Down', 50),
  albums120: landmark('albums120', 'One Hundred Twenty Choirs', 120),
  albums205: landmark('albums205', 'Two Hundred Five Cassettes', 205),
  gapped: landmark('gapped', 'Gaps in the Fence', 83, { hidden: [62, 68] }),
  nullsAndRepeats: landmark('nullsAndRepeats', 'Null and the Repeats', 30, {
    nulls: [4, 13],
    repeats: [
      [8, 2],
      [22, 3],
    ],
  }),
  overstated: landmark('overstated', 'The Overstatements', 4, { emptyTail: 93 }),
  /** Holds the landmark albums and no other. */
  oddities: landmark('oddities', 'Cabinet of Oddities', 0),
  /** The artist of compilations by many hands. */
  various: landmark('various', 'Various Artists', 11, { only: 'compilation' }),
} as const satisfies Record<string, ArtistPlan>;

const ordinaryArtists = 44;
const fewestSlots = 12;
const mostSlots = 48;
// Enough that a market takes something out of most lists.
const ordinaryLimitedShare = 0.08;

/** Everybody in the catalogue, landmarks first. */
export function planArtists(): ArtistPlan[] {
  const ordinary = Array.from({ length: ordinaryArtists }, (_, index): ArtistPlan => {
    const random = createRandom(`roster:${index}`);
    return {
      id: idOf(`artist:ordinary:${index}`),
      name: artistName(random, index),
      slots: random.between(fewestSlots, mostSlots),
      ordinary: true,
      limitedShare: ordinaryLimitedShare,
    };
  });
  return [...Object.values(landmarkArtists), ...ordinary];
}
