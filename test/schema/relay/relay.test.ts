import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { artists, catalogue, inMode } from '../../support/asking.ts';

/** A Relay app pages an artist's albums by what Relay itself generates from the published schema. */

const run = promisify(execFile);
const compilerMs = 60_000; // a process of its own, on a machine that may be busy
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
`;

/** What the compiler makes of the component: the text of each operation, by its name. */
async function compiled(): Promise<(operation: string) => Promise<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-'));
  onTestFinished(() => rm(folder, { recursive: true }));
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

test(
  'relay-compiler takes the schema, and its refetch by `node` goes on where the first page ended, for no call',
  async () => {
    const textOf = await compiled();
    const { ask, apiCalls } = await inMode('extended');
    const shown = catalogue
      .albumsOf(bts)
      .flatMap((slot) => (slot.shows === 'album' ? [catalogue.album(slot.albumId)?.name] : []));

    const first = await ask<{ artist: Page }, unknown>(await textOf('AlbumsQuery'), { id: bts });
    const { id, albums } = first.data.artist;
    const second = await ask<{ node: Page }, unknown>(await textOf('AlbumsPageQuery'), {
      id,
      count: 10,
      cursor: albums.pageInfo.endCursor,
    });

    expect([first.errors, second.errors]).toEqual([[], []]);
    expect(albums).toMatchObject({ totalCount: 104, pageInfo: { hasNextPage: true } });
    const names = [...albums.edges, ...second.data.node.albums.edges].map(({ node }) => node.name);
    expect(names).toEqual(shown.slice(0, 15));
    expect(apiCalls()).toHaveLength(2);
  },
  compilerMs,
);
