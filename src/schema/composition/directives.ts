import { DirectiveLocation, GraphQLDirective, GraphQLInt, GraphQLList, GraphQLNonNull } from 'graphql';

/** What the schema says of a field beyond its type. */

/** The name and the argument are those of the nullability specification, which Relay and Apollo's clients read. */
export const semanticNonNullDirective = new GraphQLDirective({
  name: 'semanticNonNull',
  description:
    'Says that the field is null only with an error. A client that stops at errors may treat it as non-null.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    levels: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLInt))),
      defaultValue: [0],
      description:
        'Of which lists around the value this holds: 0 is the field itself, 1 the elements of its list.',
    },
  },
});

/** Extensions of a field that is null only with an error. */
export const nullOnlyWithError = { directives: { semanticNonNull: {} } };

/** Extensions of a list whose elements are null only with an error. */
export const elementsNullOnlyWithError = { directives: { semanticNonNull: { levels: [1] } } };
