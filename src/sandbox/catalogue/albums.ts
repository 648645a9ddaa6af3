import type { AlbumPlan } from './fixture-albums.ts';
import { everywhere, usualLimits } from './markets.ts';
import type { Album } from './model.ts';
import { drawCovers } from './picture-files.ts';
import { createRandom, decimal, type Random } from './random.ts';
import { albumTitle, labelName } from './words.ts';

type OwnGroup = 'album' | 'single' | 'compilation';

/** Fewest and most tracks of an album of each kind. */
const trackCounts: Record<OwnGroup, readonly [number, number]> = {
  album: [8, 15],
  single: [1, 4],
  compilation: [14, 30],
};

const firstYear = 1988;
const lastYear = 2025;
// Old releases often have only a year, a few only a month.
const yearOnlyShare = 0.04;
const monthOnlyShare = 0.03;
const imagelessShare = 0.02;
const upcLength = 12;

/** Generates an ordinary album of one artist. */
export function drawAlbum(id: string, artistId: string, type: OwnGroup, limitedShare: number): Album {
  const random = createRandom(`album:${id}`);
  const [fewestTracks, mostTracks] = trackCounts[type];
  const totalTracks = random.between(fewestTracks, mostTracks);
  return {
    id,
    name: albumTitle(random),
    type,
    artistIds: [artistId],
    discs: [totalTracks],
    totalTracks,
    ...drawDate(random),
    markets: random.chance(limitedShare) ? random.pick(usualLimits) : everywhere,
    images: random.chance(imagelessShare) ? [] : drawCovers(random),
    label: labelName(random),
    upc: random.text(decimal, upcLength),
    popularity: random.below(90),
  };
}

/** Generates the properties that the plan of a fixture album leaves open. */
export function drawPlannedAlbum(plan: AlbumPlan, artistId: string): Album {
  const { tracks: _, ...plannedProperties } = plan;
  const totalTracks = plan.discs.reduce((sum, tracks) => sum + tracks, 0);
  const drawnAlbum = drawAlbum(plan.id, artistId, 'album', 0);
  const fixtureDefaults = { releaseDate: '2019-05-17', precision: 'day', images: coversOf(plan.id) } as const;
  return { ...drawnAlbum, ...fixtureDefaults, ...plannedProperties, totalTracks };
}

const coversOf = (id: string) => drawCovers(createRandom(`cover:${id}`));

function drawDate(random: Random): Pick<Album, 'releaseDate' | 'precision'> {
  const year = String(random.between(firstYear, lastYear));
  const month = String(random.between(1, 12)).padStart(2, '0');
  const day = String(random.between(1, 28)).padStart(2, '0');
  if (random.chance(yearOnlyShare)) return { releaseDate: year, precision: 'year' };
  if (random.chance(monthOnlyShare)) return { releaseDate: `${year}-${month}`, precision: 'month' };
  return { releaseDate: `${year}-${month}-${day}`, precision: 'day' };
}
