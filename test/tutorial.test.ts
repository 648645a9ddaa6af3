import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { withSandbox } from './support/gateway.ts';
import { codeBlocks } from './support/repository.ts';
import { artists } from './support/schema-tests.ts';
import { temporaryFolder } from './support/temporary-files.ts';
import { portOf } from './support/test-server.ts';

const tutorial = readFileSync(new URL('../docs/tutorial.md', import.meta.url), 'utf8');

const codeBlock = (language: string): string => codeBlocks(tutorial, language)[0] ?? '';

const { bts } = artists;

/** The file of the tutorial as a process, in front of a gateway with the sandbox. */
async function startPage() {
  const gateway = await withSandbox({ SPOTIFY_QUOTA_MODE: 'development' });
  const gatewayPort = await portOf(gateway.gateway.handler);
  const file = join(temporaryFolder(), 'artist-page.mjs');
  // The test chooses a free port, so it needs the number.
  writeFileSync(file, codeBlock('js').replace(/console\.log\(.*?\)/, 'console.log(server.address().port)'));
  const env = { ...process.env, GATEWAY_URL: `http://127.0.0.1:${gatewayPort}/graphql`, PORT: '0' };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { ...gateway, get };
}

test('the query of the tutorial runs with its variables, and is the query of its file', async () => {
  const { execute } = await withSandbox();
  const { errors, data } = await execute(codeBlock('graphql'), JSON.parse(codeBlock('json')));
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ artist: { name: 'BTS', albums: { totalCount: 104 } } });
  const words = (text: string) => text.split(/\s+/).filter(Boolean).join(' ');
  expect(words(codeBlock('js'))).toContain(words(codeBlock('graphql')));
});

test('the page of the tutorial shows all albums page by page, with as many calls as the tutorial states', async () => {
  const { get, apiCalls, sandbox } = await startPage();
  const { catalogue } = sandbox;
  const albums = catalogue.albumsOf(bts).flatMap((slot) => (slot.shows === 'album' ? [slot.albumId] : []));

  const shown: string[] = [];
  const calls: number[] = [];
  for (let path: string | undefined = '/'; path !== undefined; ) {
    const { status, text } = await get(path);
    expect(status).toBe(200);
    expect(text).toContain('104 albums.');
    const [artist, ...links] = Array.from(
      text.matchAll(/href="https:\/\/open\.spotify\.com\/(\w+\/\w+)"/g),
      ([, link = '']) => link,
    );
    expect(artist).toBe(`artist/${bts}`);
    shown.push(...links);
    calls.push(apiCalls().length);
    path = /href="(\/\?[^"]+)">More albums/.exec(text)?.[1]?.replaceAll('&#38;', '&');
  }
  expect(shown).toEqual(albums.map((id) => `album/${id}`));
  expect(calls).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await get('/');
  expect(apiCalls()).toHaveLength(12);
});

test('the page of the tutorial distinguishes an unknown artist from a failure', async () => {
  const { get, sandbox } = await startPage();
  expect(await get(`/?id=${'0'.repeat(22)}`)).toMatchObject({ status: 404 });
  sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 30 } });
  expect(await get('/')).toMatchObject({ status: 503 });
});
