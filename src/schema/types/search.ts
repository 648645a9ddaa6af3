import type { Kind, Market } from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { marketArg, namedMarket } from '../arguments.ts';
import { builder, nullOnlyWithError } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { searchHits } from '../planning/list-costs.ts';
import { connect, pagingArgs } from '../relay/connection.ts';
import { AlbumConnection } from './album.ts';
import { ArtistConnection } from './artist.ts';
import { TrackConnection } from './track.ts';

const maxTextLength = 250; // Spotify refuses the 251st character

interface Search {
  q: string;
  market: Market | null;
  /** Null for every kind. */
  kinds: readonly Kind[] | null;
}

const SearchType = builder.enumType('SearchType', {
  description: 'A kind of thing to search for.',
  values: {
    ARTIST: { value: 'artist', description: 'Artists.' },
    ALBUM: { value: 'album', description: 'Albums.' },
    TRACK: { value: 'track', description: 'Tracks.' },
  } as const,
});

const SearchResults = builder.objectRef<Search>('SearchResults').implement({
  description:
    'What a search finds, each kind with a page of its own. Kinds that share a page size share a call.',
  fields: (t) => ({
    artists: t.field({
      type: ArtistConnection,
      nullable: true,
      extensions: { cost: searchHits(true) },
      description: 'The artists found; null where `type` leaves them out.',
      args: pagingArgs(t),
      resolve: (search, args, context, info) =>
        wants(search, 'artist')
          ? connect(
              context.spotify.search('artist', search.q, search.market),
              args,
              context,
              resolvedField(context, info),
            )
          : null,
    }),
    albums: t.field({
      type: AlbumConnection,
      nullable: true,
      extensions: { cost: searchHits(false) },
      description: 'The albums found; null where `type` leaves them out.',
      args: pagingArgs(t),
      resolve: (search, args, context, info) =>
        wants(search, 'album')
          ? connect(
              context.spotify.search('album', search.q, search.market),
              args,
              context,
              resolvedField(context, info),
            )
          : null,
    }),
    tracks: t.field({
      type: TrackConnection,
      nullable: true,
      extensions: { cost: searchHits(true) },
      description: 'The tracks found; null where `type` leaves them out.',
      args: pagingArgs(t),
      resolve: (search, args, context, info) =>
        wants(search, 'track')
          ? connect(
              context.spotify.search('track', search.q, search.market),
              args,
              context,
              resolvedField(context, info),
            )
          : null,
    }),
  }),
});

builder.queryFields((t) => ({
  search: t.field({
    type: SearchResults,
    nullable: true,
    extensions: nullOnlyWithError,
    description:
      "Searches the catalogue. Spotify's field filters work: `artist:`, `album:`, `track:`, `year:1999-2003`, `isrc:`, `upc:`.",
    args: {
      q: t.arg.string({
        required: true,
        description: `What to search for, at most ${maxTextLength} characters.`,
      }),
      type: t.arg({
        type: [SearchType],
        description: 'Which kinds to find; those that are selected if left out.',
      }),
      market: marketArg(t),
    },
    resolve: (_, { q, type, ...args }) => ({
      q: searchText(q),
      kinds: type ?? null,
      market: namedMarket(args),
    }),
  }),
}));

const wants = ({ kinds }: Search, kind: Kind): boolean => kinds === null || kinds.includes(kind);

/** @throws BadUserInput when Spotify would not search for it */
function searchText(q: string): string {
  const text = q.trim();
  if (text === '' || text === '*') throw new BadUserInput('There is nothing to search for.');
  if (text.length > maxTextLength) {
    throw new BadUserInput(
      `At most ${maxTextLength} characters can be searched for; these are ${text.length}.`,
    );
  }
  return text;
}
