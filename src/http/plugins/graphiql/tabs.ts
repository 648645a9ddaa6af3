import type { GraphiQLOptions } from 'graphql-yoga';
import type { Spotify } from '../../../datasources/spotify/index.ts';
import { traceHeader } from '../../../operation/trace.ts';
import { albumsCursor } from '../../../schema/types/artist.ts';
import {
  artistWithAlbums,
  bts,
  byCode,
  byUri,
  costQuery,
  firstPage,
  inMarket,
  latestReleases,
  nextAlbums,
  planNote,
  runNote,
  search,
  severalKinds,
  spokenWord,
  withAnError,
} from './examples.ts';

/** The tabs that GraphiQL shows at the first visit, each with an operation that is ready to run. */

export interface ExampleOptions {
  /** Whether the first tab states that the data is made up. */
  isSandbox: boolean;
  spotify: Pick<Spotify, 'pagedList'>;
}

type Tab = NonNullable<GraphiQLOptions['defaultTabs']>[number];

/** A track and an album that exist: in the sandbox, or at Spotify. */
const codes = {
  sandbox: { isrc: 'QZM662180844', upc: '811974056331' },
  spotify: { isrc: 'GBCEL1300362', upc: '887828031795' },
};

const sandboxNote = `# You are looking at the SANDBOX:
# made-up music, no Spotify account needed.
# For the real catalogue set SPOTIFY_CLIENT_ID
# and SPOTIFY_CLIENT_SECRET, and start again.

`;

export function graphiqlTabs({ isSandbox, spotify }: ExampleOptions): Tab[] {
  const { isrc, upc } = isSandbox ? codes.sandbox : codes.spotify;
  return [
    { query: (isSandbox ? sandboxNote : '') + search },
    { query: artistWithAlbums },
    { query: nextAlbums, variables: json({ after: albumsCursor(spotify, bts, firstPage - 1) }) },
    { query: latestReleases },
    { query: byCode(isrc, upc) },
    { query: byUri },
    { query: inMarket, variables: json({ market: 'DE' }) },
    { query: severalKinds },
    { query: spokenWord },
    { query: withAnError },
    { query: costQuery('CostBefore', planNote), headers: json({ [traceHeader]: 'plan' }) },
    { query: costQuery('CostAfter', runNote) },
  ];
}

const json = (value: object): string => JSON.stringify(value, null, 2);
