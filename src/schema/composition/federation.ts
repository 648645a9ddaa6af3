import { filterSchema, MapperKind, mapSchema, printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { type Kind, kinds, parseId, pluralsOf, type SpotifyObject } from '../../datasources/spotify/index.ts';
import { BadUserInput, QueryTooComplex } from '../../errors.ts';
import { entryOrError } from '../arguments.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { maxRepresentations, type Representation } from '../planning/cost.ts';
import { entityLookups } from '../planning/entity-costs.ts';
import type { RejectedEntities } from '../planning/plan.ts';
import { objectTypes, readObject, typeNames } from '../types/node.ts';

/**
 * The fields by which a larger graph composes this one. A stitching parent reads `_sdl`, in which `@merge` marks the
 * fields that find objects by their keys. A federation router reads `_service` and queries `_entities`.
 */

/** For stitching: the names are those of @graphql-tools/stitching-directives. */
export const mergeDirective = new GraphQLDirective({
  name: 'merge',
  description: 'Tells a stitching parent that this field finds many objects by their keys.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    keyField: { type: GraphQLString, description: 'The field of the objects that is the key.' },
    keyArg: { type: GraphQLString, description: 'The argument that takes the keys.' },
  },
});

const federationLink = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])`;

/** Types without an identity, which another subgraph may define with the same fields. */
const valueTypes = [
  'PageInfo',
  'Image',
  'ReleaseDate',
  'Copyright',
  'ExternalIds',
  'Restrictions',
  'Followers',
  'Author',
  'Narrator',
];

/** Directives of the types in the federated SDL: the keys by which other subgraphs refer to them. */
const federated: Readonly<Record<string, Record<string, object>>> = {
  ...Object.fromEntries(
    Object.values(typeNames).map((name) => [name, { key: [{ fields: 'id' }, { fields: 'uri' }] }]),
  ),
  ...Object.fromEntries(valueTypes.map((name) => [name, { shareable: {} }])),
};

const kindsOfTypes: ReadonlyMap<string, Kind> = new Map(
  Object.values(kinds).map(({ name }) => [typeNames[name], name]),
);

/** Makes a text of the schema once: that takes some 10 ms, and an operation may select it many times. */
function once(textOf: (schema: GraphQLSchema) => string): (schema: GraphQLSchema) => string {
  const texts = new WeakMap<GraphQLSchema, string>();
  return (schema) => {
    const text = texts.get(schema) ?? textOf(schema);
    texts.set(schema, text);
    return text;
  };
}

// A leaf stands for 80 bytes, the ratio of the two limits of a response. The schema as text has some 45,000 bytes.
const schemaTextLeaves = 600;

const stitchingSdl = once(printSchemaWithDirectives);

const Any = builder.scalarType('_Any', {
  description: 'An object as a federation router names it: its type and its key.',
  parseValue(value): Representation {
    const { __typename, id, uri } = (value ?? {}) as Partial<Representation & { uri: string }>;
    const key = id ?? uri;
    if (typeof __typename === 'string' && typeof key === 'string') return { __typename, id: key };
    throw new BadUserInput('A representation has a `__typename`, and an `id` or a `uri`.');
  },
});

const Entity = builder.unionType('_Entity', {
  description: 'An object to which other subgraphs may refer.',
  types: Object.values(objectTypes),
  resolveType: ({ kind }: SpotifyObject) => typeNames[kind],
});

const Service = builder.objectRef<GraphQLSchema>('_Service').implement({
  description: 'This subgraph, for a federation router.',
  fields: (t) => ({
    sdl: t.string({
      extensions: { leaves: schemaTextLeaves },
      description: 'Its schema, with the keys of its entities.',
      resolve: once(federatedSdl),
    }),
  }),
});

builder.queryFields((t) => ({
  _sdl: t.string({
    extensions: { leaves: schemaTextLeaves },
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
    extensions: { cost: entityLookups(kindsOfTypes) },
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
      return representations.map((each, index) => entryOrError(() => entity(each, context, info, index)));
    },
  }),
}));

function entity(
  { __typename, id }: Representation,
  context: Context,
  info: GraphQLResolveInfo,
  index: number,
): Promise<SpotifyObject | null> {
  const rejection = context.plan?.rejectedEntities;
  if (rejection?.indexes.get(info.fieldNodes[0])?.has(index)) throw tooManyCalls(rejection);
  const kind = kindsOfTypes.get(__typename);
  if (!kind) throw new BadUserInput(`Only ${pluralsOf(Object.values(kinds))} can be referred to.`);
  return readObject({ kinds: [kind], id: parseId(id, kind) }, context, info, index);
}

const tooMany = (actual: number) =>
  new BadUserInput(`At most ${maxRepresentations} representations at a time; these are ${actual}.`);

const tooManyCalls = ({ limit, actual }: RejectedEntities) =>
  new QueryTooComplex(
    'This entity is not cached, and reading all such entities needs too many Spotify calls.',
    {
      limit,
      actual,
    },
  );

/** Writes the default of `@semanticNonNull(levels:)` out, because the composition of Mesh loses defaults of directives. */
function withLevels<Field extends { extensions?: object | null | undefined }>(field: Field): Field {
  const { directives } = (field.extensions ?? {}) as { directives?: { semanticNonNull?: object } };
  if (!directives?.semanticNonNull) return field;
  const semanticNonNull = { levels: [0], ...directives.semanticNonNull };
  return { ...field, extensions: { ...field.extensions, directives: { ...directives, semanticNonNull } } };
}

/** The schema without the fields for composition, and with the keys by which other subgraphs refer to its types. */
export function federatedSdl(schema: GraphQLSchema): string {
  const isOwn = (name = '') => !name.startsWith('_');
  const subgraph = mapSchema(
    filterSchema({
      schema,
      typeFilter: isOwn,
      rootFieldFilter: (_, name) => isOwn(name),
      directiveFilter: (name) => name !== mergeDirective.name,
    }),
    {
      [MapperKind.ROOT_FIELD]: (field) => ({ ...field, extensions: {} }),
      [MapperKind.OBJECT_FIELD]: withLevels,
      [MapperKind.OBJECT_TYPE]: (type) =>
        new GraphQLObjectType({ ...type.toConfig(), extensions: { directives: federated[type.name] ?? {} } }),
    },
  );
  return `${federationLink}\n\n${printSchemaWithDirectives(subgraph)}`;
}
