import type { FieldMap } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import type * as spotify from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { builder, type FieldsOf } from '../builder.ts';
import type { Context } from '../context.ts';
import type { FieldCost } from '../planning/cost.ts';
import { value } from '../resolvers.ts';

const Image = builder.objectRef<spotify.Image>('Image').implement({
  description: 'A picture, in one of its sizes.',
  fields: (t) => ({
    url: t.string({ nullable: true, description: 'The URL of the picture.', resolve: value('url') }),
    width: t.int({
      nullable: true,
      description: 'The width in pixels; null if Spotify does not state it.',
      resolve: value('width'),
    }),
    height: t.int({
      nullable: true,
      description: 'The height in pixels; null if Spotify does not state it.',
      resolve: value('height'),
    }),
  }),
});

type Images = readonly (spotify.Image | null)[] | null;
type Resolve<P, A> = (
  parent: P,
  args: A,
  context: Context,
  info: GraphQLResolveInfo,
) => Images | Promise<Images>;

/** A field with the images of an object. @param all the resolver of all images, and its cost */
export const imagesField = <P>(
  t: FieldsOf<P>,
  description: string,
  all: { resolve: Resolve<P, unknown>; extensions?: { cost: FieldCost } },
): FieldMap[string] =>
  t.field({
    type: [Image],
    nullable: { list: true, items: true },
    extensions: { ...all.extensions },
    description,
    args: {
      minWidth: t.arg.int({
        description:
          'Only the smallest image with at least this width in pixels; the largest if none is so wide. If omitted: all images.',
      }),
    },
    resolve: sufficientImages(all.resolve),
  });

/** Reduces the images of an object to the one that `minWidth` selects. */
const sufficientImages =
  <P>(resolve: Resolve<P, unknown>): Resolve<P, { minWidth?: number | null | undefined }> =>
  (parent, args, context, info) => {
    const minWidth = args.minWidth ?? null;
    if (minWidth !== null && minWidth < 0) throw new BadUserInput('`minWidth` is a number of pixels from 0.');
    const select = (images: Images) => sufficient(images, minWidth);
    const images = resolve(parent, args, context, info);
    return images instanceof Promise ? images.then(select) : select(images);
  };

/** An image of unknown width does not count as wide enough. */
function sufficient(images: Images, minWidth: number | null): Images {
  if (minWidth === null || !Array.isArray(images)) return images; // the error of images that are not as documented
  const readable = images.filter((image) => image !== null && !(image instanceof Error));
  const widthOf = ({ width }: spotify.Image) => (typeof width === 'number' ? width : -1);
  const wide = readable.filter((image) => widthOf(image) >= minWidth);
  const smallest = wide.toSorted((one, other) => widthOf(one) - widthOf(other))[0];
  const largest = readable.toSorted((one, other) => widthOf(other) - widthOf(one))[0];
  const selected = smallest ?? largest;
  return selected ? [selected] : images;
}
