import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { plainId } from '../support/plain-objects.ts';
import { postJson } from '../support/post-json.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';

/** The cached part of a plan, for ids as which Spotify has no object of some kinds. */

const id = plainId(31);
const absent = [{ path: '^/albums/', echo: 'album' as const }];

/** The calls of `node`, planned and cached, after these operations; and the calls that it then sends. */
async function costsAfter(operations: string[], reference: string) {
  const upstream = await startScriptedUpstream(absent);
  const { execute, fetch } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });
  for (const operation of operations) await execute(operation);
  const document = `{ node(id: "${reference}") { id } }`;
  const response = await fetch('/graphql', postJson({ query: document }, { 'x-spotify-trace': 'plan' }));
  const { extensions } = (await response.json()) as { extensions: { spotify: { held: unknown } } };
  const before = upstream.calls().length;
  await execute(document);
  return {
    held: extensions.spotify.held,
    sent: upstream
      .calls()
      .slice(before)
      .map(({ path }) => path),
  };
}

test('an absence of one kind saves only the call for this kind', async () => {
  expect(await costsAfter([`{ artist(id: "${id}") { id } }`], id)).toEqual({
    held: [{ family: 'artists', calls: 1 }],
    sent: [`/albums/${id}`],
  });
  expect(await costsAfter([`{ episode(id: "${id}") { id } }`], `spotify:episode:${id}`)).toEqual({
    held: [{ family: 'episodes', calls: 1 }],
    sent: [`/chapters/${id}`],
  });
});

test('an object that is cached as one kind saves the calls for all kinds', async () => {
  expect(await costsAfter([`{ album(id: "${id}") { id } }`], id)).toEqual({
    held: [
      { family: 'artists', calls: 1 },
      { family: 'albums', calls: 1 },
      { family: 'tracks', calls: 1 },
    ],
    sent: [],
  });
});
