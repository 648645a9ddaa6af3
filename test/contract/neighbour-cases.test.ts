import { describe, test } from 'vitest';
import { parseCase, type WrittenCase, type WrittenRule } from '../support/case-format.ts';
import { runCase } from '../support/case-runner.ts';
import {
  fullAlbum,
  fullArtist,
  fullTrack,
  plainId,
  plainPage,
  shortAlbum,
  shortArtist,
  shortTrack,
} from '../support/plain-objects.ts';

/** Variants of publicly reported cases, without a report: the same kind of fault at another endpoint or field. */

const id = plainId;
const [artistA, artistB, artistC] = [id(61), id(62), id(63)];
const albumId = id(71);
const [trackA, trackB, trackC] = [id(81), id(82), id(83)];
const errorBody = (status: number, message: string) => ({ error: { status, message } });
const quotaBody = { error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } };

const anyArtist: WrittenRule = { path: '^/artists/[^/]+$', echo: 'artist' };
const topTracksOf = (artist: string, rest: Partial<WrittenRule>): WrittenRule => ({
  path: `^/artists/${artist}/top-tracks$`,
  ...rest,
});
const topTracks = (artist: string) => `{ artist(id: "${artist}") { topTracks(market: DE) { id } } }`;
const oneTrack = { body: { tracks: [fullTrack(trackA)] } };

const page = (from: number, to: number, rest: { total: number | null; next: string | null }) => ({
  items: Array.from({ length: to - from }, (_, i) => shortAlbum(id(200 + from + i))),
  offset: from,
  limit: 10,
  ...rest,
});
const albumsPage = (
  offset: number,
  body: WrittenRule['body'],
  rest: Partial<WrittenRule> = {},
): WrittenRule => ({ path: '/albums$', query: { offset: `${offset}` }, body, ...rest });
const next = 'https://api.spotify.com/v1/next';
const threePages = [
  albumsPage(0, page(0, 10, { total: 25, next })),
  albumsPage(10, page(10, 20, { total: 25, next })),
  albumsPage(20, page(20, 25, { total: 25, next: null })),
];
const albumIds = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => id(200 + from + i));
const walkAlbums = {
  walk: `query ($after: String) { artist(id: "${artistA}") {
    albums(first: 10, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }`,
  pick: 'artist.albums',
};
const albums = (args: string) =>
  `{ artist(id: "${artistA}") { id albums(${args}) { totalCount nodes { id } pageInfo { hasNextPage } } } }`;
/** A full album that states the number of its tracks only in their page. */
const albumWithTracks = (n: number, rest: { total: number | null; next: string | null }) => ({
  ...fullAlbum(id(n)),
  total_tracks: null,
  tracks: { ...plainPage([shortTrack(trackA), shortTrack(trackB)]), ...rest },
});
const totalTracks = (n: number) => `{ album(id: "${id(n)}") { name totalTracks } }`;
const development = { SPOTIFY_QUOTA_MODE: 'development' };
const extended = { SPOTIFY_QUOTA_MODE: 'extended' };

const { popularity: _, ...artistWithoutPopularity } = fullArtist(artistA);
const { external_urls: __, ...artistWithoutLink } = shortArtist(artistA);
const linkedTrack = (track: string) => `{ track(id: "${track}", market: DE) { name linkedFrom { id } } }`;

const cases: Record<string, WrittenCase> = {
  'an endpoint that has worked stays in use after rejections for two artists without a success between them':
    {
      env: extended,
      upstream: [
        anyArtist,
        topTracksOf(artistA, { ...oneTrack, times: 1 }),
        topTracksOf(artistA, { status: 403, body: errorBody(403, 'Forbidden'), times: 1 }),
        topTracksOf(artistB, { status: 404, body: errorBody(404, 'Service not found'), times: 1 }),
        topTracksOf('[^/]+', oneTrack),
      ],
      steps: [
        { query: topTracks(artistA), right: { 'artist.topTracks.length': 1 } },
        { query: topTracks(artistB), right: { any: true } },
        { query: topTracks(artistC), right: { 'artist.topTracks.length': 1 } },
      ],
    },
  'a batch endpoint that has worked is used again after one 404, whose objects are read one by one': {
    env: extended,
    upstream: [
      { path: '^/tracks$', status: 404, body: errorBody(404, 'Not found.'), times: 1 },
      { path: '^/tracks(/.*)?$', echo: 'track' },
    ],
    steps: [
      { query: `{ tracks(ids: ["${trackA}", "${trackB}"]) { id } }`, right: { 'tracks.1.id': trackB } },
      { query: `{ tracks(ids: ["${trackC}", "${id(84)}"]) { id } }`, right: { 'tracks.0.id': trackC } },
    ],
  },
  'one field that an object lacks is not withheld from the app, for an app of unknown mode': {
    upstream: [
      { path: `^/artists/${artistA}$`, body: artistWithoutPopularity },
      anyArtist,
      { path: '^/tracks/', body: { ...fullTrack(trackA), artists: [shortArtist(artistB)] } },
    ],
    steps: [
      {
        query: `{ artist(id: "${artistA}") { popularity followers { total } } }`,
        right: { 'artist.popularity': null, 'artist.followers.total': 10 },
      },
      {
        query: `{ track(id: "${trackA}") { artists { popularity } } }`,
        right: { 'track.artists.0.popularity': 50 },
      },
    ],
  },
  'an album that lacks its label keeps the label of other albums': {
    env: extended,
    upstream: [
      { path: `^/albums/${albumId}$`, body: { ...fullAlbum(albumId), label: null } },
      { path: '^/albums/', body: fullAlbum(id(72)) },
      { path: '^/tracks/', body: { ...fullTrack(trackA), album: shortAlbum(id(72)) } },
    ],
    steps: [
      { query: `{ album(id: "${albumId}") { label popularity } }`, right: { 'album.label': null } },
      { query: `{ track(id: "${trackA}") { album { label } } }`, right: { 'track.album.label': 'Label' } },
    ],
  },
  'a link that one artist of a list lacks is not missing for the same artist in other items': {
    env: extended,
    upstream: [
      {
        path: `^/albums/${albumId}/tracks$`,
        body: plainPage([
          { ...shortTrack(trackA), artists: [artistWithoutLink] },
          { ...shortTrack(trackB), artists: [shortArtist(artistA)] },
        ]),
      },
      { path: '^/albums/', body: fullAlbum(albumId) },
    ],
    steps: [
      {
        query: `{ album(id: "${albumId}") { tracks { nodes { artists { externalUrl } } } } }`,
        right: {
          'album.tracks.nodes.0.artists.0.externalUrl': null,
          'album.tracks.nodes.1.artists.0.externalUrl': `https://open.spotify.com/artist/${artistA}`,
        },
      },
    ],
  },
  'a 404 for the second page of a list is an error, not the end of the list, and is not cached': {
    env: development,
    upstream: [
      anyArtist,
      albumsPage(10, errorBody(404, 'Resource not found'), { status: 404, times: 1 }),
      ...threePages,
    ],
    steps: [
      { query: albums('first: 20'), right: { errorCode: 'UPSTREAM_BAD_RESPONSE', 'artist.id': artistA } },
      { query: albums('first: 20'), right: { noErrors: true, 'artist.albums.nodes.length': 20 } },
    ],
  },
  'a 404 for one kind of a search is an error of that search, and the next search has its results': {
    env: development,
    upstream: [
      { path: '^/search$', status: 404, body: errorBody(404, 'Not found.'), times: 1 },
      {
        path: '^/search$',
        body: { albums: { items: [shortAlbum(albumId)], offset: 0, limit: 10, total: 1, next: null } },
      },
    ],
    steps: [
      {
        query: '{ search(q: "a", type: [ALBUM]) { albums { nodes { id } } } }',
        right: { errorCode: 'UPSTREAM_BAD_RESPONSE' },
      },
      {
        query: '{ search(q: "a", type: [ALBUM]) { albums { nodes { id } } } }',
        right: { noErrors: true, 'search.albums.nodes.0.id': albumId },
      },
    ],
  },
  'a total of null on every page loses no album': {
    env: development,
    upstream: [
      anyArtist,
      albumsPage(0, page(0, 10, { total: null, next })),
      albumsPage(10, page(10, 20, { total: null, next })),
      albumsPage(20, page(20, 25, { total: null, next: null })),
    ],
    steps: [{ ...walkAlbums, right: { ids: albumIds(0, 25) } }],
  },
  'a total of the page instead of the list loses no album': {
    env: development,
    upstream: [
      anyArtist,
      albumsPage(0, page(0, 10, { total: 10, next })),
      albumsPage(10, page(10, 20, { total: 10, next })),
      albumsPage(20, page(20, 25, { total: 5, next: null })),
    ],
    steps: [
      { ...walkAlbums, right: { ids: albumIds(0, 25) } },
      { query: albums('last: 5'), right: { 'artist.albums.nodes.4.id': id(224) } },
    ],
  },
  'a batch with null for one track and a different track for the next one gives each element its own slot': {
    env: extended,
    upstream: [{ path: '^/tracks$', body: { tracks: [null, fullTrack(trackC), fullTrack(trackC)] } }],
    steps: [
      {
        query: `{ tracks(ids: ["${trackA}", "${trackB}", "${trackC}"], market: DE) { id } }`,
        right: { noErrors: true, 'tracks.0': null, 'tracks.1.id': trackC, 'tracks.2.id': trackC },
      },
    ],
  },
  'a batch with fewer elements than ids is not used': {
    env: extended,
    upstream: [
      { path: '^/tracks$', body: { tracks: [fullTrack(trackB)] } },
      { path: '^/tracks/', echo: 'track' },
    ],
    steps: [
      {
        query: `{ tracks(ids: ["${trackA}", "${trackB}"]) { id } }`,
        right: { noErrors: true, 'tracks.0.id': trackA, 'tracks.1.id': trackB },
      },
    ],
  },
  'the number of tracks of an album is not the number of its embedded tracks if others follow': {
    env: extended,
    upstream: [
      { path: `/${id(71)}$`, body: albumWithTracks(71, { total: 30, next }) },
      { path: `/${id(72)}$`, body: albumWithTracks(72, { total: null, next: null }) },
      { path: `/${id(73)}$`, body: albumWithTracks(73, { total: null, next }) },
    ],
    steps: [
      { query: totalTracks(71), right: { noErrors: true, 'album.totalTracks': 30 } },
      { query: totalTracks(72), right: { noErrors: true, 'album.totalTracks': 2 } },
      { query: totalTracks(73), right: { noErrors: true, 'album.totalTracks': null } },
    ],
  },
  'a linked_from that names no track is an error of its field alone, and the track is complete': {
    env: development,
    upstream: [
      { path: `/${trackA}$`, body: { ...fullTrack(trackA), linked_from: {} } },
      {
        path: `/${trackB}$`,
        body: { ...fullTrack(trackB), linked_from: { id: null, uri: `spotify:episode:${trackA}` } },
      },
      { path: `/${trackC}$`, body: { ...fullTrack(trackC), linked_from: 'x' } },
    ],
    steps: [
      {
        query: linkedTrack(trackA),
        right: {
          errorCode: 'UPSTREAM_BAD_RESPONSE',
          'track.name': `Track ${trackA}`,
          'track.linkedFrom': null,
        },
      },
      {
        query: linkedTrack(trackB),
        right: {
          errorCode: 'UPSTREAM_BAD_RESPONSE',
          'track.name': `Track ${trackB}`,
          'track.linkedFrom': null,
        },
      },
      {
        query: linkedTrack(trackC),
        right: { errorCode: 'UPSTREAM_BAD_RESPONSE', 'track.name': `Track ${trackC}` },
      },
    ],
  },
  'links with a language of two parts, capitals, a fragment or a second query are accepted': {
    env: development,
    upstream: [{ path: '^/tracks/', echo: 'track' }],
    steps: [
      {
        query: `{
          a: track(id: "HTTPS://Open.Spotify.com/intl-pt-BR/track/${trackA}?si=1&context=spotify%3Aalbum%3A1#0:10") { id }
          b: track(id: " open.spotify.com/embed/track/${trackA}/ ") { id }
          c: track(id: "spotify:track:${trackA}?si=2") { id }
        }`,
        right: { noErrors: true, 'a.id': trackA, 'b.id': trackA, 'c.id': trackA },
      },
    ],
  },
  'a quota error on the third page shortens the window, and the next window goes on when calls are available':
    {
      env: development,
      upstream: [
        anyArtist,
        albumsPage(20, quotaBody, { status: 429, times: 1 }),
        {
          path: '^/search$',
          body: { tracks: { items: [fullTrack(trackA)], offset: 0, limit: 10, total: 1 } },
        },
        ...threePages,
      ],
      steps: [
        {
          query: albums('first: 100'),
          right: {
            noErrors: true,
            'artist.albums.nodes.length': 20,
            'artist.albums.totalCount': 25,
            'artist.albums.pageInfo.hasNextPage': true,
          },
        },
        {
          query: '{ search(q: "a", type: [TRACK]) { tracks { nodes { id } } } }',
          right: { noErrors: true, 'search.tracks.nodes.length': 1 },
        },
        { query: albums('first: 100'), right: { noErrors: true, 'artist.albums.nodes.length': 20 } },
        { ...walkAlbums, waitMs: 25 * 3_600_000, right: { ids: albumIds(0, 25) } },
      ],
    },
  'a quota error on the first page is UPSTREAM_QUOTA_EXCEEDED for the list alone, for an hour if no time is given':
    {
      env: development,
      upstream: [anyArtist, albumsPage(0, quotaBody, { status: 429, times: 1 }), ...threePages],
      steps: [
        { query: albums('first: 20'), right: { errorCode: 'UPSTREAM_QUOTA_EXCEEDED', 'artist.id': artistA } },
        { query: albums('first: 20'), waitMs: 3_590_000, right: { errorCode: 'UPSTREAM_QUOTA_EXCEEDED' } },
      ],
    },
  'a quota error for albums leaves the tracks of a cached album, which is served stale': {
    env: development,
    upstream: [
      { path: '^/albums/[^/]+$', body: fullAlbum(albumId), times: 1 },
      {
        path: '^/albums/[^/]+/tracks$',
        body: { items: [shortTrack(trackA)], offset: 0, limit: 50, total: 1, next: null },
      },
      { path: '^/albums/[^/]+$', status: 429, body: quotaBody },
    ],
    steps: [
      {
        query: `{ album(id: "${albumId}") { name tracks { nodes { id } } } }`,
        right: { noErrors: true, 'album.tracks.nodes.length': 1 },
      },
      {
        query: `{ album(id: "${albumId}") { name tracks { nodes { id } } } }`,
        waitMs: 49 * 3_600_000,
        right: { noErrors: true, 'album.tracks.nodes.length': 1 },
      },
    ],
  },
};

describe('variants of reported cases', () => {
  test.each(Object.entries(cases))('%s', { timeout: 60_000 }, (_, testCase) => runCase(parseCase(testCase)));
});
