import { stitchSchemas } from '@graphql-tools/stitch';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { FilterRootFields, FilterTypes, RenameRootFields, RenameTypes } from '@graphql-tools/wrap';

/** The parent schema: three services, with merged types for artists and albums. */

const maxKeys = 100; // the gateway's limit of ids in one `artists(ids:)`
const maxMerged = 25; // root fields in one operation, because the gateway allows 2,000 tokens in a document

const { stitchingDirectivesTransformer } = stitchingDirectives();

const merged = new Set(['Artist', 'Album']);
const shown = [
  // Fields like `_sdl` are for parents only, and two services may both have a `node`.
  new FilterRootFields((_, name) => !/^(_|nodes?$)/.test(name)),
  new FilterTypes(({ name }) => !name.startsWith('_')),
];

// Types and fields that only Spotify has get `Spotify` as a prefix; merged types have one name in all services.
const rootNames = { search: 'searchSpotify', quota: 'spotifyQuota' };
const prefixed = [
  new RenameTypes((name) => (merged.has(name) ? name : `Spotify${name}`)),
  new RenameRootFields((_, name) => rootNames[name] ?? name),
];

/** Keys of one event-loop iteration are one request, up to the gateway's limit of ids. */
const inPortions = (service) => ({
  ...service,
  merge: Object.fromEntries(
    Object.entries(service.merge).map(([type, how]) => [
      type,
      { ...how, dataLoaderOptions: { maxBatchSize: maxKeys } },
    ]),
  ),
});

/** @param services each with its `schema` and an `executor` that sends requests to it */
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
