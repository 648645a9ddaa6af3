import { DirectiveLocation, GraphQLDirective, GraphQLString } from 'graphql';

/** For stitching: the names are those of @graphql-tools/stitching-directives. */
export const mergeDirective = new GraphQLDirective({
  name: 'merge',
  description: 'States for a stitching parent that this field finds many objects by their keys.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    keyField: { type: GraphQLString, description: 'The field of the objects that is the key.' },
    keyArg: { type: GraphQLString, description: 'The argument that takes the keys.' },
  },
});
