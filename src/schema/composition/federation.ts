import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, valueFromASTUntyped } from 'graphql';
import {
  type Kind,
  kinds,
  type Market,
  parseId,
  pluralsOf,
  type SpotifyObject,
} from '../../datasources/spotify/index.ts';
import { BadUserInput, QueryTooComplex } from '../../errors.ts';
import { getOrCreate } from '../../maps.ts';
import { maxRepresentations } from '../argument-limits.ts';
import { builder } from '../builder.ts';
import type { ResolvedField } from '../context.ts';
import type { Representation } from '../planning/cost.ts';
import { entitiesCost } from '../planning/entity-costs.ts';
import type { RejectedEntities } from '../planning/plan.ts';
import { entryOrError } from '../resolvers.ts';
import { objectByReference } from '../types/node.ts';
import { objectTypes, typeNames } from '../types/object-types.ts';
import { federatedSdl } from './subgraph-sdl.ts';

/**
 * The fields by which a larger graph composes this one. A stitching parent reads `_sdl`, in which `@merge` marks the
 * fields that find objects by their keys. A federation router reads `_service` and queries `_entities`.
 */

const kindsOfTypes: ReadonlyMap<string, Kind> = new Map(
  Object.values(kinds).map(({ name }) => [typeNames[name], name]),
);

/** Makes a text of the schema once: that takes some 10 ms, and an operation may select it many times. */
function once(textOf: (schema: GraphQLSchema) => string): (schema: GraphQLSchema) => string {
  const texts = new WeakMap<GraphQLSchema, string>();
  return (schema) => getOrCreate(texts, schema, () => textOf(schema));
}

// A field stands for 80 bytes, the ratio of the two limits of a response. The schema as text has some 55,000 bytes.
const schemaTextFields = 700;

const stitchingSdl = once(printSchemaWithDirectives);

const Any = builder.scalarType('_Any', {
  description: 'An object as a federation router names it: its type and its key.',
  parseValue: representationOf,
  parseLiteral: (node, variables) => representationOf(valueFromASTUntyped(node, variables)),
});

/** The type and the key; each is empty if the value has none, which is an error of this one entity. */
function representationOf(value: unknown): Representation {
  const { __typename, id, uri } = (value ?? {}) as Partial<Record<string, unknown>>;
  return { __typename: textOf(__typename), id: textOf(id ?? uri) };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const Entity = builder.unionType('_Entity', {
  description: 'An object to which other subgraphs may refer.',
  types: Object.values(objectTypes),
  resolveType: ({ kind }: SpotifyObject) => typeNames[kind],
});

const Service = builder.objectRef<GraphQLSchema>('_Service').implement({
  description: 'This subgraph, for a federation router.',
  fields: (t) => ({
    sdl: t.string({
      extensions: { moreFields: schemaTextFields },
      description: 'Its schema, with the keys of its entities.',
      resolve: once(federatedSdl),
    }),
  }),
});

builder.queryFields((t) => ({
  _sdl: t.string({
    extensions: { moreFields: schemaTextFields },
    description: 'This schema, for a stitching parent.',
    resolve: (_root, _args, _context, { schema }) => stitchingSdl(schema),
  }),
  _service: t.field({
    type: Service,
    description: 'This schema, for a federation router.',
    resolve: (_root, _args, _context, { schema }) => schema,
  }),
  _entities: t.field({
    type: [Entity],
    nullable: { list: false, items: true },
    extensions: { cost: entitiesCost(kindsOfTypes) },
    description: 'Objects that other subgraphs refer to: one entry for each, in their order.',
    args: {
      representations: t.arg({
        type: [Any],
        required: true,
        description: `Which objects, at most ${maxRepresentations}.`,
      }),
    },
    resolve(_, { representations }, context, info) {
      if (representations.length > maxRepresentations) throw tooMany(representations.length);
      const market = context.selection.marketOfRoot(info);
      return representations.map((each, index) =>
        entryOrError(() => entity(each, market, { context, info, index })),
      );
    },
  }),
}));

function entity(
  { __typename, id }: Representation,
  market: Market | null,
  field: Required<ResolvedField>,
): Promise<SpotifyObject | null> {
  const { context, info, index } = field;
  const rejection = context.plan?.rejectedEntities;
  if (rejection?.indexes.get(info.fieldNodes[0])?.has(index)) throw representationNotRead(rejection);
  if (__typename === '' || id === '')
    throw new BadUserInput('A representation has a `__typename`, and an `id` or a `uri`; each is a string.');
  const kind = kindsOfTypes.get(__typename);
  if (!kind) throw new BadUserInput(`Only ${pluralsOf(Object.values(kinds))} can be referred to.`);
  return objectByReference({ kinds: [kind], id: parseId(id, kind) }, market, field);
}

const tooMany = (actual: number) =>
  new BadUserInput(`At most ${maxRepresentations} representations at a time; these are ${actual}.`);

const representationNotRead = ({ limit, actual }: RejectedEntities) =>
  new QueryTooComplex(
    'This entity is not cached, and reading all such entities needs too many Spotify calls.',
    {
      limit,
      actual,
    },
  );
