/** The operations that GraphiQL shows at the first visit, each ready to run. */

const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

// No line is longer than a laptop shows of it.
const sandboxNote = `# You are looking at the SANDBOX:
# made-up music, no Spotify account needed.
# For the real catalogue set SPOTIFY_CLIENT_ID
# and SPOTIFY_CLIENT_SECRET, and start again.

`;

const tabs = [
  `# Find an artist by name.
query SearchBts {
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
}`,
  `# An artist with the first albums, however
# many pages that takes at Spotify.
query ArtistWithAlbums {
  artist(id: "${bts}") {
    name
    albums(first: 20) {
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
}`,
  `# The next page: put the endCursor of the page
# before into the variable; without it this is
# the first page.
query NextAlbums($after: String) {
  artist(id: "${bts}") {
    albums(first: 20, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name }
    }
  }
}`,
  `# Several kinds in one search: one call.
query SearchEverything {
  search(q: "cinema") {
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
  }
}`,
  `# Anything by its Spotify URI, or by a link
# of open.spotify.com.
query ByUri {
  node(id: "spotify:artist:${bts}") {
    id
    ... on Artist { name externalUrl }
    ... on Album { name totalTracks }
    ... on Track { name durationMs }
  }
}`,
];

/** @param isSandbox whether the first tab says that the data is made up */
export const graphiqlTabs = (isSandbox: boolean): { query: string }[] =>
  tabs.map((query, index) => ({ query: isSandbox && index === 0 ? sandboxNote + query : query }));
