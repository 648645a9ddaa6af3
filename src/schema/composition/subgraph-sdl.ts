import { filterSchema, MapperKind, mapSchema, printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type GraphQLField,
  type GraphQLFieldConfig,
  GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { typeNames } from '../types/object-types.ts';
import { costDirectives, noWeight } from './router-costs.ts';
import { mergeDirective } from './stitching.ts';

/** The schema as a federation router reads it. */

// Version 2.9 is the first one with @cost and @listSize.
const federationLink = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@cost", "@key", "@listSize", "@shareable"])`;

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

/**
 * The directives of a field for a parent: its costs, and the default of `@semanticNonNull(levels:)` written out, because the
 * composition of Mesh loses defaults of directives.
 * @param field as the schema defines it, with its arguments and its type
 */
function withDirectives(
  config: GraphQLFieldConfig<unknown, unknown>,
  field?: GraphQLField<unknown, unknown>,
): GraphQLFieldConfig<unknown, unknown> {
  const allDirectives = (config.extensions?.['directives'] ?? {}) as Record<string, object>;
  const { merge: _, semanticNonNull, ...others } = allDirectives;
  const directives = {
    ...(semanticNonNull && { semanticNonNull: { levels: [0], ...semanticNonNull } }),
    ...others,
    ...(field && costDirectives(field)),
  };
  return { ...config, extensions: { ...config.extensions, directives } };
}

/**
 * The schema without the fields for composition, with the keys by which other subgraphs refer to its types, and with the
 * costs of its fields.
 */
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
      [MapperKind.OBJECT_TYPE]: (type) =>
        new GraphQLObjectType({
          ...type.toConfig(),
          extensions: { directives: { ...federated[type.name], ...noWeight } },
        }),
      [MapperKind.ROOT_FIELD]: (field, name) =>
        withDirectives(field, schema.getQueryType()?.getFields()[name]),
      [MapperKind.OBJECT_FIELD]: (field, name, typeName) => {
        const type = schema.getType(typeName);
        return withDirectives(field, isObjectType(type) ? type.getFields()[name] : undefined);
      },
    },
  );
  return `${federationLink}\n\n${printSchemaWithDirectives(subgraph)}`;
}
