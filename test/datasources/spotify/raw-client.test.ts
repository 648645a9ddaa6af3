import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { createRawClient } from '../../../src/datasources/spotify/index.ts';
import { createNodeFetch } from '../../../src/datasources/spotify/node.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';

/** The client that returns Spotify's responses as they were sent, within a number of calls. */

async function withClient(maxCalls: number) {
  const sandbox = await startSandbox();
  const { gateway } = readConfig({
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    SPOTIFY_API_URL: sandbox.apiUrl,
    SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
  });
  return { sandbox, client: createRawClient(gateway.spotify, createNodeFetch(gateway.spotify, 1), maxCalls) };
}

test('the raw client sends no more than `maxCalls` calls, redacts credentials and tokens, and renews a rejected token', async () => {
  const { sandbox, client } = await withClient(3);
  const artist = sandbox.catalogue.fixtures.artists.bts;
  const request = { family: 'artists', path: `/artists/${artist}`, query: {} };
  expect(await client.connect()).toBeNull();
  expect(await client.read(request)).toMatchObject({ status: 200, body: { id: artist }, backOff: null });
  sandbox.expireTokens();
  expect(await client.read(request)).toMatchObject({ status: 200 });
  expect(await client.read(request)).toBeNull();
  expect(client.calls().map(({ status }) => status)).toEqual([200, 401, 200]);
  expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'api', 'api', 'token', 'api']);
  const secrets = sandbox.calls().map(({ headers }) => headers['authorization']?.split(' ')[1] ?? '');
  expect(new Set(secrets).size).toBe(3);
  for (const secret of [...secrets, sandbox.clientId, sandbox.clientSecret]) {
    expect(client.redact(`before ${secret} after`)).toBe('before [redacted] after');
  }
  await client.close();
  await sandbox.close();
});
