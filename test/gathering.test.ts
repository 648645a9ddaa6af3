import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { catalogue } from './support/asking.ts';
import { withSandbox } from './support/gateway.ts';

/** Questions of clients on sockets of their own: what arrives together is asked together. */

const clients = 100;
const ids = catalogue
  .artists()
  .slice(0, 10)
  .map(({ id }) => id);

test('a hundred clients at once cost a batch for their artists, and a page for each', async () => {
  const { gateway, sandbox } = await withSandbox(
    { SPOTIFY_QUOTA_MODE: 'extended' },
    { quotaMode: 'extended' },
  );
  const server = createServer(gateway.listener).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  onTestFinished(() => {
    agent.destroy();
    server.close();
  });

  const ask = (query: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = { 'content-type': 'application/json' };
      const asked = request({ port, agent, method: 'POST', path: '/graphql', headers }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve(text);
      });
      asked.once('error', reject);
      asked.end(JSON.stringify({ query }));
    });
  const askAll = (query: (i: number) => string) =>
    Promise.all(Array.from({ length: clients }, (_, i) => ask(query(i))));

  await askAll(() => '{ __typename }'); // so that every client has its socket
  sandbox.clearCalls();
  const artist = (i: number) => ids[i % ids.length];
  const answers = await askAll(
    (i) => `{ artist(id: "${artist(i)}") { name albums(first: 20) { totalCount } } }`,
  );
  expect(answers.filter((answer) => answer.includes('errors'))).toEqual([]);

  const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
  const lists = calls.filter(({ route }) => route === 'artists/albums');
  expect(lists).toHaveLength(ids.length);
  // One would do; where the kernel hands the requests over in portions, there are some more.
  expect(calls.length - lists.length).toBeLessThanOrEqual(4);
});
