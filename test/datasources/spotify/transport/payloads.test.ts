import { describe, expect, test } from 'vitest';
import type { Edit, Fault } from '../../../../src/sandbox/index.ts';
import {
  albums,
  artistError,
  artistQuery,
  artistResult,
  artists,
  catalogue,
  dataAndErrorCodes,
  edit,
  startInMode,
  tracks,
  withFault,
  withoutErrors,
} from '../../../support/schema-tests.ts';

/** Responses of status 200 that differ from Spotify's documentation. */

test.each<[string, Fault]>([
  ['HTML', { kind: 'answer', text: '<html>secret words</html>', headers: { 'content-type': 'text/html' } }],
  [
    'HTML with the content type JSON',
    { kind: 'answer', text: '<html>secret words</html>', headers: { 'content-type': 'application/json' } },
  ],
  ['broken JSON', { kind: 'answer', text: '{"name": "secret words"' }],
  ['nothing', { kind: 'answer', text: '' }],
  ['204', { kind: 'answer', status: 204 }],
  ['null', { kind: 'answer', json: null }],
  ['a list', { kind: 'answer', json: ['secret words'] }],
  ['a text', { kind: 'answer', json: 'secret words' }],
  ['a number', { kind: 'answer', json: 7 }],
  ['an empty object', { kind: 'answer', json: {} }],
  ['an error with status 200', { kind: 'answer', json: { error: { status: 500, message: 'secret words' } } }],
  ['a body above the maximum size', { kind: 'oversize', megabytes: 4 }],
  ['a body much larger than its compressed form', { kind: 'oversize', megabytes: 40, gzip: true }],
])(
  'a body that is not a valid object (%s) is UPSTREAM_BAD_RESPONSE after one call, and is neither shown nor cached',
  async (_, fault) => {
    const { execute, apiCalls } = await withFault(fault, 1);
    const response = await execute(artistQuery);
    expect(dataAndErrorCodes(response)).toEqual(artistError('UPSTREAM_BAD_RESPONSE'));
    expect(JSON.stringify(response)).not.toContain('secret');
    expect(apiCalls()).toHaveLength(1);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
  },
);

test.each<[string, Edit]>([
  ['artist', { path: 'id', set: 7 }],
  ['artist', { path: 'id', set: null }],
  ['artist', { path: 'id', set: '../me' }],
  ['artist', { path: 'id', set: `spotify:album:${artists.bts}` }],
  ['artist', { path: 'name', set: null }],
  ['artist', { path: 'name', remove: true }],
  ['album', { path: 'id', set: 7 }],
  ['album', { path: 'name', remove: true }],
  ['album', { path: 'type', set: 'artist' }],
  ['track', { path: 'id', set: null }],
  ['track', { path: 'name', set: 7 }],
])('a required field that is malformed makes only the %s null: %o', async (kind, malformed) => {
  const ids = { artist: artists.bts, album: albums.tracks1, track: tracks.explicit };
  const id = ids[kind as keyof typeof ids];
  const { execute, sandbox } = await startInMode('development');
  sandbox.faults.add({ on: { path: `/${kind}s/${id}` }, fault: edit(malformed) });
  const document = `{ ${kind}(id: "${id}") { id } sibling: artist(id: "${artists.albums1}") { name } }`;
  const { data, errors } = await execute(document);
  expect(data).toEqual({ [kind]: null, sibling: { name: 'The Only Record' } });
  expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
    [[kind], { code: 'UPSTREAM_BAD_RESPONSE' }],
  ]);
});

describe('one bad item of a list', () => {
  test('a malformed item fails alone, in nodes and edges, at its own path; its slot and its siblings stay', async () => {
    const { execute, sandbox } = await startInMode('development');
    const malformed = edit({ path: 'items.1.name', set: null }, { path: 'items.3', set: 'album' });
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: malformed });
    const document = `{ artist(id: "${artists.albums9}") { albums(first: 5) {
      nodes { id } edges { albumGroup node { id } } pageInfo { hasNextPage }
    } } }`;
    const items = catalogue
      .albumsOf(artists.albums9)
      .slice(0, 5)
      .map((slot, i) => (slot.shows === 'album' && i !== 1 && i !== 3 ? { id: slot.albumId } : null));
    const { data, errors } = dataAndErrorCodes(await execute(document));
    expect(data).toEqual({
      artist: {
        albums: {
          nodes: items,
          edges: items.map((node) => ({ albumGroup: null, node })),
          pageInfo: { hasNextPage: true },
        },
      },
    });
    expect(errors.toSorted()).toEqual(
      ['edges.1.node', 'edges.3.node', 'nodes.1', 'nodes.3'].map((place) => [
        `artist.albums.${place}`,
        'UPSTREAM_BAD_RESPONSE',
      ]),
    );
  });

  test('a malformed item is an error only in windows that select it, and is read again with the next such window', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const fault = edit({ path: 'items.1.id', set: 7 });
    sandbox.faults.add({ on: { route: 'artists/albums' }, times: 1, fault });
    const albumsOf = (which: string) =>
      `{ artist(id: "${artists.albums9}") { albums(${which}) { nodes { id } } } }`;
    expect(dataAndErrorCodes(await execute(albumsOf('first: 1'))).errors).toEqual([]);
    expect(dataAndErrorCodes(await execute(albumsOf('first: 3'))).errors).toEqual([
      ['artist.albums.nodes.1', 'UPSTREAM_BAD_RESPONSE'],
    ]);
    expect(apiCalls()).toHaveLength(2); // the artist and one page: no operation has selected the malformed item until then
    expect(dataAndErrorCodes(await execute(albumsOf('first: 3'))).errors).toEqual([]);
    expect(apiCalls()).toHaveLength(3);
  });

  test('a malformed item has a cursor, from which pagination continues', async () => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: { route: 'artists/albums' }, fault: edit({ path: 'items.1', set: { id: 7 } }) });
    interface Data {
      artist: { albums: { pageInfo: { endCursor: string } } };
    }
    const { data } = await execute<Data, object>(
      `{ artist(id: "${artists.albums9}") { albums(first: 2) { pageInfo { endCursor } } } }`,
    );
    const next = `first: 1, after: "${data.artist.albums.pageInfo.endCursor}"`;
    const [, , third] = catalogue.albumsOf(artists.albums9);
    expect(
      dataAndErrorCodes(
        await execute(`{ artist(id: "${artists.albums9}") { albums(${next}) { nodes { id } } } }`),
      ),
    ).toEqual(
      withoutErrors({ artist: { albums: { nodes: [{ id: third?.shows === 'album' && third.albumId }] } } }),
    );
  });

  test('a malformed item fails alone among top tracks and related artists, and an empty slot is left out', async () => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({
      on: { route: 'artists/top-tracks' },
      fault: edit({ path: 'tracks.1', set: null }, { path: 'tracks.2', set: { id: 7 } }),
    });
    sandbox.faults.add({
      on: { route: 'artists/related-artists' },
      fault: edit({ path: 'artists.0.id', set: 7 }),
    });
    const top = catalogue.topTracksOf(artists.bts).map(({ id }) => ({ id }));
    const related = catalogue.relatedTo(artists.bts).map(({ id }) => ({ id }));
    const response = dataAndErrorCodes(
      await execute(`{ artist(id: "${artists.bts}") { topTracks { id } relatedArtists { id } } }`),
    );
    expect(response.data).toEqual({
      artist: { topTracks: [top[0], null, ...top.slice(3)], relatedArtists: [null, ...related.slice(1)] },
    });
    expect(response.errors.toSorted()).toEqual([
      ['artist.relatedArtists.0', 'UPSTREAM_BAD_RESPONSE'],
      ['artist.topTracks.1', 'UPSTREAM_BAD_RESPONSE'],
    ]);
  });
});
