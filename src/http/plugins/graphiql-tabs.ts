import type { GraphiQLOptions } from 'graphql-yoga';
import type { Spotify } from '../../datasources/spotify/index.ts';
import { traceHeader } from '../../operation/usage.ts';
import { albumsCursor } from '../../schema/types/artist.ts';

/** The operations that GraphiQL shows at the first visit, each ready to run. No line is longer than a laptop shows. */

export interface ExampleOptions {
  /** Whether the first tab says that the data is made up. */
  isSandbox: boolean;
  spotify: Pick<Spotify, 'pagedList'>;
}

type Tab = NonNullable<GraphiQLOptions['defaultTabs']>[number];

const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

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
    { query: costOf('CostBefore', planNote), headers: json({ [traceHeader]: 'plan' }) },
    { query: costOf('CostAfter', runNote) },
  ];
}

const json = (value: object): string => JSON.stringify(value, null, 2);

const search = `# Find an artist by name.
query Search {
  search(q: "BTS", type: [ARTIST]) {
    artists(first: 3) {
      totalCount
      nodes {
        id
        name
        uri
        images { url width height }
      }
    }
  }
}`;

const firstPage = 20;

const artistWithAlbums = `# An artist with the first albums, however
# many pages that takes at Spotify.
query Artist {
  artist(id: "${bts}") {
    name
    albums(first: ${firstPage}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges {
        albumGroup
        node {
          name
          releaseDate { date precision }
          totalTracks
          images { url }
          artists { name }
        }
      }
    }
  }
}`;

const nextAlbums = `# The next page: \`after\` is the endCursor of
# the page before. See "Variables" below.
query NextPage($after: String) {
  artist(id: "${bts}") {
    albums(first: ${firstPage}, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name }
    }
  }
}`;

const latestReleases = `# Recent releases: Spotify lists the albums of
# a group from new to old, with exceptions.
query Latest {
  artist(id: "${bts}") {
    albums(first: 5, includeGroups: [ALBUM]) {
      nodes { name releaseDate { date } }
    }
    singles: albums(
      first: 5
      includeGroups: [SINGLE]
    ) {
      nodes { name releaseDate { date } }
    }
  }
}`;

const byCode = (isrc: string, upc: string): string => `# A recording by its ISRC, an album by its UPC.
query ByCode {
  trackByIsrc(isrc: "${isrc}") {
    name
    artists { name }
  }
  albumByUpc(upc: "${upc}") {
    name
    artists { name }
  }
}`;

const byUri = `# Anything by its Spotify URI, or by a link
# of open.spotify.com.
query ByUri {
  node(id: "spotify:artist:${bts}") {
    id
    ... on Artist { name externalUrl }
    ... on Album { name totalTracks }
    ... on Track { name durationMs }
  }
}`;

const inMarket = `# What can be played in one country. Without
# a market, isPlayable is null.
query Market($market: Market) {
  search(q: "cinema", market: $market) {
    tracks(first: 5) {
      nodes { name isPlayable }
    }
  }
}`;

const severalKinds = `# Several kinds in one search: one call.
query Kinds {
  search(q: "islands") {
    artists(first: 5) {
      totalCount
      nodes { name }
    }
    albums(first: 5) {
      totalCount
      nodes { name artists { name } }
    }
    tracks(first: 5) {
      totalCount
      nodes { name durationMs album { name } }
    }
    playlists(first: 5) {
      nodes { name owner { displayName } }
    }
  }
}`;

const spokenWord = `# Podcasts and audiobooks. Few markets have
# audiobooks: the US, the UK, Canada, Ireland,
# New Zealand and Australia.
query SpokenWord {
  search(q: "the", market: "US") {
    shows(first: 3) {
      nodes { name totalEpisodes }
    }
    audiobooks(first: 3) {
      nodes {
        name
        authors { name }
        chapters(first: 5) {
          nodes { chapterNumber name durationMs }
        }
      }
    }
  }
}`;

const withAnError = `# One field fails, and the others keep their
# data: see \`path\` and \`code\` of the error.
query Error {
  good: artist(id: "${bts}") { name }
  bad: artist(id: "no id of Spotify") { name }
}`;

const planNote = `# What would this cost? Nothing runs: see the
# line below, and the header under "Headers".`;

const runNote = `# What did it cost? See the line below, and
# the calls in the extensions of the response.`;

const costOf = (name: string, note: string): string => `${note}
query ${name} {
  artist(id: "${bts}") {
    name
    albums(first: 20) {
      nodes { name label }
    }
  }
}`;
