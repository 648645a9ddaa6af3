import { stitchSchemas } from '@graphql-tools/stitch';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { FilterRootFields, FilterTypes, RenameRootFields, RenameTypes } from '@graphql-tools/wrap';

/** The larger graph: three services, merged where they speak of the same artists and albums. */

const maxKeys = 100; // that the gateway takes in one `artists(ids:)`
const maxMerged = 25; // root fields in one operation: the gateway lets a document have 2,000 tokens

const { stitchingDirectivesTransformer } = stitchingDirectives();

const merged = new Set(['Artist', 'Album']);
const shown = [
  // `_sdl` and the like are for parents, and two services may each have a `node`.
  new FilterRootFields((_, name) => !/^(_|nodes?$)/.test(name)),
  new FilterTypes(({ name }) => !name.startsWith('_')),
];

// Types and fields of general names that only Spotify has get its name; merged types have one name in all services.
const rootNames = { search: 'searchSpotify', quota: 'spotifyQuota' };
const prefixed = [
  new RenameTypes((name) => (merged.has(name) ? name : `Spotify${name}`)),
  new RenameRootFields((_, name) => rootNames[name] ?? name),
];

/** Keys of one moment are one question, of as many as the gateway takes. */
const inPortions = (service) => ({
  ...service,
  merge: Object.fromEntries(
    Object.entries(service.merge).map(([type, how]) => [
      type,
      { ...how, dataLoaderOptions: { maxBatchSize: maxKeys } },
    ]),
  ),
});

/** @param services each with its `schema` and an `executor` that asks it */
export const createParent = ({ spotify, concerts, reviews }) =>
  stitchSchemas({
    subschemas: [
      { ...spotify, transforms: [...shown, ...prefixed] },
      { ...concerts, transforms: shown },
      { ...reviews, transforms: shown },
    ].map((service) => ({
      ...service,
      batch: true,
      batchingOptions: { dataLoaderOptions: { maxBatchSize: maxMerged } },
    })),
    subschemaConfigTransforms: [stitchingDirectivesTransformer, inPortions],
  });
