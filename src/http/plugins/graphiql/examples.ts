/** The operations of the tabs of GraphiQL. No line is longer than a laptop shows. */

export const bts = '3Nrfpe0tUJi4K4DXYWgMUX';

export const search = `# Find an artist by name. The first call tries
# 50 results: if the app gets 10 at most, that
# fails, and a second call requests 10.
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

export const firstPage = 20;

export const artistWithAlbums = `# An artist with the first albums, however
# many pages that takes at Spotify. Apps in
# development mode get no albumGroup.
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

export const nextAlbums = `# The next page: \`after\` is the endCursor of
# the page before. See "Variables" below.
query NextPage($after: String) {
  artist(id: "${bts}") {
    albums(first: ${firstPage}, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name }
    }
  }
}`;

export const latestReleases = `# Recent releases: Spotify lists the albums of
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

export const byCode = (isrc: string, upc: string): string => `# A recording by its ISRC, an album by its UPC.
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

export const byUri = `# Anything by its Spotify URI, or by a link
# of open.spotify.com.
query ByUri {
  node(id: "spotify:artist:${bts}") {
    id
    ... on Artist { name externalUrl }
    ... on Album { name totalTracks }
    ... on Track { name durationMs }
  }
}`;

export const inMarket = `# What can be played in one country. Without
# a market, isPlayable is null.
query Market($market: Market) {
  search(q: "cinema", market: $market) {
    tracks(first: 5) {
      nodes { name isPlayable }
    }
  }
}`;

export const severalKinds = `# Several kinds in one search: one call.
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

export const spokenWord = `# Podcasts and audiobooks. Few markets have
# audiobooks: the US, the UK, Canada, Ireland,
# New Zealand and Australia.
query SpokenWord {
  search(q: "the", market: "US") {
    shows(first: 1) {
      nodes {
        id
        name
        episodes(first: 3) {
          nodes { name releaseDate { date } }
        }
      }
    }
    audiobooks(first: 2) {
      nodes {
        name
        authors { name }
        chapters(first: 3) {
          nodes { chapterNumber name durationMs }
        }
      }
    }
  }
}`;

export const withAnError = `# One field fails, and the others keep their
# data: see \`path\` and \`code\` of the error.
query Error {
  good: artist(id: "${bts}") { name }
  bad: artist(id: "no id of Spotify") { name }
}`;

export const planNote = `# What would this cost? Nothing runs: see the
# line below, and the header under "Headers".`;

export const runNote = `# What did it cost? See the line below, and
# the calls in the extensions of the response.
# Apps in development mode get no labels.`;

export const costQuery = (name: string, note: string): string => `${note}
query ${name} {
  artist(id: "${bts}") {
    name
    albums(first: 20) {
      nodes { name label }
    }
  }
}`;
