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
import { marketArg, maxTextLength, namedMarket, searchText } from '../arguments.ts';
import { builder, nullOnlyWithError } from '../builder.ts';
import { resolvedField } from '../context.ts';
import { kindsTogether, searchCost, searchedKinds } from '../planning/search-costs.ts';
import { connect } from '../relay/connect.ts';
import { type ConnectionRef, connectionArgs, connectionOf } from '../relay/connection.ts';
import { objectTypeOf, typeNames } from './node.ts';

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
        resolve: ({ q, market, kinds }, args, context, info) =>
          kinds.includes(kind)
            ? connect(
                (inCursors) =>
                  context.spotify.search(kind, q, market ?? inCursors, kindsTogether(kind, kinds, args)),
                args,
                context,
                resolvedField(context, info),
              )
            : null,
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
      q: searchText(q),
      kinds: searchedKinds(type, resolvedField(context, info).selectedNames),
      market: namedMarket(args),
    }),
  }),
}));
