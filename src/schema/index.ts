import './types/album.ts';
import './types/artist.ts';
import './types/audiobook.ts';
import './types/browse.ts';
import './types/chapter.ts';
import './types/codes.ts';
import './types/episode.ts';
import './types/node.ts';
import './types/playlist.ts';
import './types/quota.ts';
import './types/search.ts';
import './types/show.ts';
import './types/track.ts';
import './types/user.ts';
import { GraphQLSchema, specifiedDirectives } from 'graphql';
import { kinds, pluralsOf } from '../datasources/spotify/index.ts';
import { builder, semanticNonNullDirective } from './builder.ts';
import './composition/federation.ts';
import { mergeDirective } from './composition/stitching.ts';
import { federatedSdl } from './composition/subgraph-sdl.ts';

export { federatedSdl };

const built = builder.toSchema({
  sortSchema: false,
  directives: [...specifiedDirectives, mergeDirective, semanticNonNullDirective],
});

export const schema = new GraphQLSchema({
  ...built.toConfig(),
  description: `Spotify's catalogue: ${pluralsOf(Object.values(kinds))}, read with as few calls of Spotify's Web API as an operation
needs. A value that Spotify does not send is null; with the request header \`x-spotify-trace: 1\` the extensions of the
response state the reason, and list each call.

The docs describe [errors and nulls](docs/errors.md), [the limits of an operation](docs/limits.md),
[the daily quota](docs/quota.md) and [the calls of typical operations](docs/calls.md).`,
});
