import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Image } from '../catalogue/model.ts';
import { pictureSizes, splitImageFile } from '../catalogue/picture-files.ts';
import type { Reply } from '../reply.ts';
import { drawCover, drawPortrait } from './drawing.ts';

/**
 * The path of the pictures. Spotify has them on a host of its own, so requests for them are not logged as calls, and
 * limits, faults and tokens do not apply to them.
 */
export const picturesRoot = '/image/';

type Draw = (pixels: number) => string;

const maxAgeSeconds = 3600;

/** Serves the picture of each image in the catalogue, and no other, as Spotify's image host does. */
export function createPictures(catalogue: Catalogue) {
  let drawings: Map<string, Draw> | undefined;

  return (method: string, url: string): Reply => {
    if (method !== 'GET' && method !== 'HEAD') return emptyReply(405);
    const file = url.slice(picturesRoot.length);
    drawings ??= drawingsOf(catalogue);
    const { prefix, picture } = splitImageFile(file);
    const pixels = pictureSizes.get(prefix);
    const draw = drawings.get(picture);
    if (pixels === undefined || draw === undefined) return emptyReply(404);
    return {
      status: 200,
      headers: {
        'access-control-allow-origin': '*',
        'cache-control': `public, max-age=${maxAgeSeconds}`,
        'content-type': 'image/svg+xml',
        'x-content-type-options': 'nosniff',
      },
      body: Buffer.from(draw(pixels)),
    };
  };
}

/** The drawing of each picture; the sizes of one image have one picture. */
function drawingsOf(catalogue: Catalogue): Map<string, Draw> {
  const drawings = new Map<string, Draw>();
  const addDrawings = (images: readonly Image[], draw: (seed: string) => Draw) => {
    for (const { file } of images) {
      const { picture } = splitImageFile(file);
      drawings.set(picture, draw(picture));
    }
  };
  for (const { images, name } of catalogue.artists()) {
    addDrawings(images, (seed) => (pixels) => drawPortrait(seed, pixels, name));
  }
  for (const { images, name, artistIds } of catalogue.albums()) {
    const artist = artistIds.map((id) => catalogue.artist(id)?.name ?? '').join(', ');
    addDrawings(images, (seed) => (pixels) => drawCover(seed, pixels, name, artist));
  }
  for (const { images, name, creator } of coversOf(catalogue)) {
    addDrawings(images, (seed) => (pixels) => drawCover(seed, pixels, name, creator));
  }
  return drawings;
}

interface Cover {
  images: readonly Image[];
  name: string;
  /** The name below the title. */
  creator: string;
}

/** The covers of podcasts, audiobooks and playlists, and the icons of categories. */
const coversOf = (catalogue: Catalogue): Cover[] => [
  ...catalogue.shows().map(({ images, name, publisher }) => ({ images, name, creator: publisher })),
  ...catalogue.episodes().map(({ images, name, showId }) => ({
    images,
    name,
    creator: catalogue.show(showId)?.name ?? '',
  })),
  ...catalogue
    .audiobooks()
    .map(({ images, name, authors }) => ({ images, name, creator: authors.join(', ') })),
  ...catalogue
    .playlists()
    .map(({ images, name, owner }) => ({ images, name, creator: owner.displayName ?? '' })),
  ...catalogue.categories().map(({ icons, name }) => ({ images: icons, name, creator: '' })),
];

const emptyReply = (status: number): Reply => ({ status, headers: {}, body: Buffer.alloc(0) });
