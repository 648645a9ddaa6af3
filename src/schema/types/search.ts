import {
  fallbackMarket,
  type Kind,
  type KindOf,
  kindNames,
  kinds,
  type Market,
  pluralsOf,
  type SpotifyObject,
  typedKinds,
} from '../../datasources/spotify/index.ts';
import { maxTextLength } from '../argument-limits.ts';
import { marketArg, namedMarket } from '../arguments.ts';
import { builder, nullOnlyWithError } from '../builder.ts';
import { fieldRead } from '../context.ts';
import { searchCost } from '../planning/search-costs.ts';
import { connect, marketOfConnection } from '../relay/connect.ts';
import { type ConnectionRef, connectionArgs, connectionOf } from '../relay/connection.ts';
import { kindsTogether, parseSearchText, searchedKinds } from '../search-arguments.ts';
import { objectTypeOf, typeNames } from './object-types.ts';

interface Search {
  q: string;
  market: Market | null;
  kinds: readonly Kind[];
}

const searchableKinds = kindNames.filter((kind) => kinds[kind].isSearchable);

const SearchType = builder.enumType('SearchType', {
  description: 'A kind of object to search for.',
  values: Object.fromEntries(
    searchableKinds.map((kind) => [kind.toUpperCase(), { value: kind, description: `${typeNames[kind]}s.` }]),
  ),
});

/** The connection type of each kind that a search finds. */
export const connectionTypes = Object.fromEntries(
  searchableKinds.map((kind) => [kind, connectionOf(`${typeNames[kind]}Connection`, objectTypeOf(kind))]),
) as unknown as { readonly [K in Kind]: ConnectionRef<KindOf[K]> };

const SearchResults = builder.objectRef<Search>('SearchResults').implement({
  description: 'The results of a search: a page for each kind. Kinds with the same page size share a call.',
  fields: (t) => {
    const results = (kind: Kind) =>
      t.field({
        type: connectionTypes[kind] as ConnectionRef<SpotifyObject>,
        nullable: true,
        extensions: { cost: searchCost(kind) },
        description: `The ${kind}s found; null where \`type\` leaves them out.`,
        args: connectionArgs(t),
        async resolve({ q, market, kinds }, args, context, info) {
          if (!kinds.includes(kind)) return null;
          const field = fieldRead(context, info);
          const together = kindsTogether(kind, kinds, args);
          const list = context.spotify.search(kind, q, market ?? marketOfConnection(args, field), together);
          return connect(list, args, context, field);
        },
      });
    return Object.fromEntries(searchableKinds.map((kind) => [kinds[kind].plural, results(kind)]));
  },
});

const kindsOfMarkets = searchableKinds.filter((kind) => typedKinds[kind].fallbackSearchMarket);
const marketNote = `Spotify finds ${pluralsOf(kindsOfMarkets.map((kind) => kinds[kind]))} only in a market: if none is known, a search that selects them is made in the ${fallbackMarket}.`;

builder.queryFields((t) => ({
  search: t.field({
    type: SearchResults,
    nullable: true,
    extensions: nullOnlyWithError,
    description: `Searches the catalogue. Spotify's field filters work: \`artist:\`, \`album:\`, \`track:\`, \`year:1999-2003\`, \`isrc:\`, \`upc:\`. ${marketNote}`,
    args: {
      q: t.arg.string({
        required: true,
        description: `The text to search for, at most ${maxTextLength} characters.`,
      }),
      type: t.arg({
        type: [SearchType],
        description: 'The kinds to search for; by default those that the query selects.',
      }),
      market: marketArg(t),
    },
    resolve: (_, { q, type, ...args }, context, info) => ({
      q: parseSearchText(q),
      kinds: searchedKinds(type, fieldRead(context, info).selectedNames),
      market: namedMarket(args),
    }),
  }),
}));
