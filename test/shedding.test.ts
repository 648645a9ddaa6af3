import { expect, test } from 'vitest';
import { calm } from './support/calm.ts';
import { withSandbox } from './support/gateway.ts';

/** Under pressure documents that are known go before those that nobody has asked. */

const bts = '{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }';

const post = (query: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({ query }),
});

/** Keeps the event loop for a moment, as a flood does, and lets it look at its lateness. */
async function press(): Promise<void> {
  const untilMs = performance.now() + 120;
  while (performance.now() < untilMs);
  await calm();
}

test('a flood of new documents is cut when the event loop is late, and what is known is served', async () => {
  const { fetch, sandbox } = await withSandbox();
  expect((await fetch('/graphql', post(bts))).status).toBe(200);
  const before = sandbox.calls().length;

  await press();
  const statuses = new Map<number, number>();
  for (let n = 0; n < 900; n++) {
    const { status, headers } = await fetch('/graphql', post(`{ unknown${n} }`));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 503) expect(headers.get('retry-after')).toBe('1');
    if (n % 100 === 0) await press();
  }
  expect([...statuses.keys()].sort()).toEqual([400, 503]);
  const answer = await fetch('/graphql', post(bts));
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 200,
    body: { data: { artist: { name: 'BTS' } } },
  });
  expect(sandbox.calls()).toHaveLength(before);
});

test('new documents have no limit while the event loop keeps up', async () => {
  const { ask } = await withSandbox();
  await calm();
  for (let n = 0; n < 300; n++) {
    if (n % 20 === 0) await calm();
    expect((await ask(`{ a${n}: __typename }`)).data).toEqual({ [`a${n}`]: 'Query' });
  }
});
