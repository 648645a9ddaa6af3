import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { albums as albumIds, artists, catalogue, startInMode } from '../../support/schema-tests.ts';

/** A Relay app pages an artist's albums with the operations that Relay generates from the published schema. */

const run = promisify(execFile);
const compilerMs = 60_000; // the compiler is a separate process, and the machine may be busy
const inRepository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const { bts } = artists;

const component = `import { graphql } from 'react-relay';

export const albums = graphql\`
  fragment Albums_artist on Artist
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
  @refetchable(queryName: "AlbumsPageQuery") {
    name
    albums(first: $count, after: $cursor) @connection(key: "Albums_artist_albums") {
      totalCount
      edges { albumGroup node { name releaseDate { date } } }
    }
  }
\`;

export const page = graphql\`
  query AlbumsQuery($id: ID!) {
    artist(id: $id) { ...Albums_artist }
  }
\`;

export const tracks = graphql\`
  fragment Albums_tracks on Album
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
  @refetchable(queryName: "AlbumsTracksPageQuery") {
    isPlayable
    tracks(first: $count, after: $cursor) @connection(key: "Albums_tracks_tracks") {
      edges { node { isPlayable artists { albums(first: 1) { nodes { isPlayable } } } } }
    }
  }
\`;

export const albumPage = graphql\`
  query AlbumsTracksQuery($id: ID!, $market: Market) {
    album(id: $id, market: $market) { ...Albums_tracks }
  }
\`;
`;

/** Compiles the component, and returns a function that reads the text of an operation by its name. */
async function compile(): Promise<(operation: string) => Promise<string>> {
  const config = { src: './src', schema: './schema.graphql', language: 'typescript' };
  await copyFile(inRepository('schema.graphql'), join(folder, 'schema.graphql'));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src/Albums.ts'), component);
  await writeFile(join(folder, 'relay.config.json'), JSON.stringify(config));

  await run(inRepository('node_modules/.bin/relay-compiler'), ['--noWatchman', 'relay.config.json'], {
    cwd: folder,
  });

  return async (operation) => {
    const artifact = await readFile(join(folder, `src/__generated__/${operation}.graphql.ts`), 'utf8');
    return JSON.parse(/"text": (".*")/.exec(artifact)?.[1] ?? '""');
  };
}

interface Page {
  id: string;
  albums: {
    totalCount: number;
    edges: { node: { id: string; name: string } }[];
    pageInfo: { endCursor: string; hasNextPage: boolean };
  };
}

let folder: string;
let textOf: (operation: string) => Promise<string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-'));
  textOf = await compile();
}, compilerMs);
afterAll(() => rm(folder, { recursive: true }));

test('relay-compiler accepts the schema, and its refetch by `node` continues after the first page, without a call', async () => {
  const { execute, apiCalls } = await startInMode('extended');
  const albumNames = catalogue
    .albumsOf(bts)
    .flatMap((slot) => (slot.shows === 'album' ? [catalogue.album(slot.albumId)?.name] : []));

  const first = await execute<{ artist: Page }, unknown>(await textOf('AlbumsQuery'), { id: bts });
  const { id, albums } = first.data.artist;
  const second = await execute<{ node: Page }, unknown>(await textOf('AlbumsPageQuery'), {
    id,
    count: 10,
    cursor: albums.pageInfo.endCursor,
  });

  expect([first.errors, second.errors]).toEqual([[], []]);
  expect(albums).toMatchObject({ totalCount: 104, pageInfo: { hasNextPage: true } });
  const names = [...albums.edges, ...second.data.node.albums.edges].map(({ node }) => node.name);
  expect(names).toEqual(albumNames.slice(0, 15));
  expect(apiCalls()).toHaveLength(2);
});

test('the refetch of Relay by `node`, which has no market, stays in the market of the first page', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const id = albumIds.tracks20;
  interface Tracks {
    isPlayable: boolean | null;
    tracks: {
      edges: { node: { isPlayable: boolean | null; artists: unknown } }[];
      pageInfo: { endCursor: string };
    };
  }
  const first = await execute<{ album: Tracks }, unknown>(await textOf('AlbumsTracksQuery'), {
    id,
    market: 'DE',
  });
  const calls = apiCalls();
  const cursor = first.data.album.tracks.pageInfo.endCursor;
  const second = await execute<{ node: Tracks }, unknown>(await textOf('AlbumsTracksPageQuery'), {
    id,
    count: 15,
    cursor,
  });

  expect([first.errors, second.errors]).toEqual([[], []]);
  const { isPlayable, tracks } = second.data.node;
  expect({ isPlayable, count: tracks.edges.length }).toEqual({ isPlayable: true, count: 15 });
  for (const { node } of tracks.edges)
    expect(node).toMatchObject({
      isPlayable: true,
      artists: [{ albums: { nodes: [{ isPlayable: true }] } }],
    });
  expect(apiCalls()).toEqual(calls);
});
