import { Agent, createServer, request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { acceptFirst } from '../../../../src/process/connections.ts';
import { withSandbox } from '../../../support/gateway.ts';
import { allArtistIds } from '../../../support/schema-tests.ts';
import { portOf } from '../../../support/test-server.ts';

/** Operations that arrive at the same time on many connections share batches. */

const clients = 100;

async function start() {
  const { gateway, sandbox } = await withSandbox(
    { SPOTIFY_QUOTA_MODE: 'extended' },
    { quotaMode: 'extended' },
  );
  const server = createServer();
  acceptFirst(server, gateway.listener);
  const port = await portOf(server);
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  onTestFinished(() => agent.destroy());

  const execute = (query: string) =>
    new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const outgoing = request(
        { port, agent, method: 'POST', path: '/graphql', headers },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(text);
        },
      );
      outgoing.once('error', reject);
      outgoing.end(JSON.stringify({ query }));
    });
  const executeAll = (query: (i: number) => string) =>
    Promise.all(Array.from({ length: clients }, (_, i) => execute(query(i))));
  return { executeAll, sandbox };
}

test('a hundred connected clients share batches for their artists, and a page of albums for each artist', async () => {
  const { executeAll, sandbox } = await start();
  await executeAll(() => '{ __typename }'); // so that every client has its socket
  sandbox.clearCalls();
  const artist = (i: number) => allArtistIds[i % 10];
  const responses = await executeAll(
    (i) => `{ artist(id: "${artist(i)}") { name albums(first: 20) { totalCount } } }`,
  );
  expect(responses.filter((response) => response.includes('errors'))).toEqual([]);

  const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
  const lists = calls.filter(({ route }) => route === 'artists/albums');
  expect(lists).toHaveLength(10);
  // One call is enough if all requests arrive at once; if the kernel delivers them in portions, there are more.
  expect(calls.length - lists.length).toBeLessThanOrEqual(4);
});

test('a hundred clients that have just connected share batches for their artists', async () => {
  const { executeAll, sandbox } = await start();
  const responses = await executeAll(
    (i) => `{ artist(id: "${allArtistIds[i % allArtistIds.length]}") { name } }`,
  );
  expect(responses.filter((response) => response.includes('errors'))).toEqual([]);

  const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
  // Two calls are enough, and connections that are accepted one by one cost 58. On a busy machine they arrive in portions.
  expect(calls.length).toBeLessThanOrEqual(14);
});
