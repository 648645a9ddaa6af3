import type { Image } from './model.ts';
import { hexadecimal, type Random } from './random.ts';

/** Pixels of each size, and the part of a file's name that states the size, as on Spotify's image host. */
const coverSizes = [
  { pixels: 640, prefix: 'ab67616d0000b273' },
  { pixels: 300, prefix: 'ab67616d00001e02' },
  { pixels: 64, prefix: 'ab67616d00004851' },
];
const portraitSizes = [
  { pixels: 640, prefix: 'ab6761610000e5eb' },
  { pixels: 320, prefix: 'ab67616100005174' },
  { pixels: 160, prefix: 'ab6761610000f178' },
];
const prefixLength = 16;
const pictureLength = 24;

/** The pixels of a file, by its prefix. */
export const pictureSizes: ReadonlyMap<string, number> = new Map(
  [...coverSizes, ...portraitSizes].map(({ prefix, pixels }) => [prefix, pixels]),
);

/** The prefix of a file, which states its size, and the name of its picture, which all sizes share. */
export const splitImageFile = (file: string) => ({
  prefix: file.slice(0, prefixLength),
  picture: file.slice(prefixLength),
});

/** Pictures of an album, widest first. */
export const drawCovers = (random: Random): Image[] => drawImages(random, coverSizes);

/** Pictures of an artist, widest first. */
export const drawPortraits = (random: Random): Image[] => drawImages(random, portraitSizes);

function drawImages(random: Random, sizes: typeof coverSizes): Image[] {
  const picture = random.text(hexadecimal, pictureLength);
  return sizes.map(({ pixels, prefix }) => ({ file: prefix + picture, width: pixels, height: pixels }));
}
