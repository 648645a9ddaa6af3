import SchemaBuilder, { type ArgBuilder, type ObjectFieldBuilder } from '@pothos/core';
import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLError,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
} from 'graphql';
import type { Context } from './context.ts';

/** The builder that all type files share. Fields are non-null by default, because null has a meaning in this schema. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    Market: { Input: string; Output: string };
    _Any: { Input: { __typename: string; id: string }; Output: never };
  };
}>({ defaultFieldNullability: false });

export type Types = (typeof builder)['$inferSchemaTypes'];
/** Defines the fields of a type whose objects have the form of `T`. */
export type FieldsOf<T> = ObjectFieldBuilder<Types, T>;
/** Defines the arguments of a field. */
export type ArgsBuilder = { arg: ArgBuilder<Types> };

builder.queryType({
  description: "Objects of Spotify's catalogue by their ids, search, and the daily quota.",
});

builder.scalarType('Market', {
  description: 'An ISO 3166-1 alpha-2 country code in capitals, such as `DE`.',
  specifiedByURL: 'https://www.iso.org/iso-3166-country-codes.html',
  serialize: String,
  // The resolver of the field checks whether it is a country: then that field alone is null.
  parseValue(value) {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A market is a string with a country code, such as "DE".');
  },
});

/** The name and the argument are those of the nullability specification, which Relay and Apollo's clients read. */
export const semanticNonNullDirective = new GraphQLDirective({
  name: 'semanticNonNull',
  description:
    'States that the field is null only with an error. A client that stops at errors may treat it as non-null.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    levels: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLInt))),
      defaultValue: [0],
      description: 'The levels to which this applies: 0 is the field itself, 1 the elements of its list.',
    },
  },
});

/** Extensions of a field that is null only with an error. */
export const nullOnlyWithError = { directives: { semanticNonNull: {} } };

/** Extensions of a list whose elements are null only with an error. */
export const elementsNullOnlyWithError = { directives: { semanticNonNull: { levels: [1] } } };
