import './album.ts';
import './artist.ts';
import './node.ts';
import './search.ts';
import './track.ts';
import { GraphQLSchema, specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { mergeDirective } from './composition.ts';
import { semanticNonNullDirective } from './directives.ts';
import { takeEarly } from './early.ts';

const built = builder.toSchema({
  sortSchema: false,
  directives: [...specifiedDirectives, mergeDirective, semanticNonNullDirective],
});

export const schema = new GraphQLSchema({
  ...built.toConfig(),
  description: `Spotify's catalogue: artists, albums and tracks, read with as few calls of Spotify's Web API as an operation
needs. A value that Spotify does not give is null; with the request header \`x-spotify-trace: 1\` the extensions of the
response say why, and what each call was.`,
});

takeEarly(schema);
