import type { ArgBuilder } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import type { Image } from '../datasources/spotify/index.ts';
import { BadUserInput } from '../errors.ts';
import type { builder } from './builder.ts';
import type { Context } from './context.ts';

/** The argument of each field that returns the images of an object. */
export const imagesArgs = ({ arg }: { arg: ArgBuilder<(typeof builder)['$inferSchemaTypes']> }) => ({
  minWidth: arg.int({
    description:
      'Only the smallest image with at least this width in pixels; the largest if none is so wide. If omitted: all images.',
  }),
});

type Images = readonly (Image | null)[] | null;
type Resolve<P, A> = (
  parent: P,
  args: A,
  context: Context,
  info: GraphQLResolveInfo,
) => Images | Promise<Images>;

/** Reduces the images of an object to the one that `minWidth` selects. */
export const sufficientImages =
  <P>(resolve: Resolve<P, unknown>): Resolve<P, { minWidth?: number | null | undefined }> =>
  (parent, args, context, info) => {
    const minWidth = args.minWidth ?? null;
    if (minWidth !== null && minWidth < 0) throw new BadUserInput('`minWidth` is a number of pixels from 0.');
    const images = resolve(parent, args, context, info);
    if (minWidth === null) return images;
    return images instanceof Promise
      ? images.then((found) => sufficient(found, minWidth))
      : sufficient(images, minWidth);
  };

/** An image of unknown width does not count as wide enough. */
function sufficient(images: Images, minWidth: number): Images {
  if (!Array.isArray(images)) return images; // the error of images that are not as documented
  const readable = images.filter((image) => image !== null && !(image instanceof Error));
  const widthOf = ({ width }: Image) => (typeof width === 'number' ? width : -1);
  const wide = readable.filter((image) => widthOf(image) >= minWidth);
  const smallest = wide.toSorted((one, other) => widthOf(one) - widthOf(other))[0];
  const largest = readable.toSorted((one, other) => widthOf(other) - widthOf(one))[0];
  const selected = smallest ?? largest;
  return selected ? [selected] : images;
}
