import { expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startClock } from '../support/clock.ts';
import { startGateway } from '../support/gateway.ts';
import { plainId } from '../support/plain-objects.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';

/** A rejection without Spotify's JSON may come from an edge server: it takes batch reads from the app for a minute only. */

const workingRules: readonly WrittenRule[] = [
  { path: '^/tracks$', echo: 'track' },
  { path: '^/tracks/', echo: 'track' },
];
const idsFrom = (from: number) => [from, from + 1].map(plainId);
const batch = (from: number) => `/tracks?ids=${idsFrom(from).join(',')}`;
const singles = (from: number) => idsFrom(from).map((id) => `200 /tracks/${id}`);

async function start(rules: readonly WrittenRule[]) {
  const upstream = await startScriptedUpstream([...rules, ...workingRules]);
  const gateway = startGateway(upstream);
  let returnedCalls = 0;
  return {
    ...gateway,
    /** Reads two tracks. Returns the calls to Spotify. */
    async read(from: number) {
      const { data, errors } = await gateway.execute(
        `{ tracks(ids: ${JSON.stringify(idsFrom(from))}) { id } }`,
      );
      expect({ data, errors }).toEqual({ data: { tracks: idsFrom(from).map((id) => ({ id })) }, errors: [] });
      const calls = upstream.log().slice(returnedCalls);
      returnedCalls += calls.length;
      return calls;
    },
    /** Whether the gateway presumes the limits of an app in development mode. */
    async hasPresumedLimits() {
      const { data } = await gateway.execute<{ quota: { limitSource: string }[] }, object>(
        '{ quota { limitSource } }',
      );
      return data.quota.some(({ limitSource }) => limitSource === 'PRESUMED');
    },
  };
}

const fromEdge: readonly [name: string, rejections: number, response: Omit<WrittenRule, 'path'>][] = [
  ['two 403 with HTML', 2, { status: 403, raw: '<html>Forbidden</html>' }],
  ['two 403 with an empty body', 2, { status: 403, raw: '' }],
  ['two 403 with a text as `error`', 2, { status: 403, body: { error: 'Access denied' } }],
  ['one 403 `Forbidden` in plain text', 1, { status: 403, raw: 'Forbidden' }],
  ['one 410 with HTML', 1, { status: 410, raw: '<html>Gone</html>' }],
];

test.each(fromEdge)(
  'after %s batch reads are tried again within a minute',
  async (_, rejections, response) => {
    const clock = startClock();
    const { read, hasPresumedLimits } = await start([{ path: '^/tracks$', times: rejections, ...response }]);
    for (let i = 1; i <= rejections; i += 1)
      expect(await read(10 * i)).toEqual([`${response.status} ${batch(10 * i)}`, ...singles(10 * i)]);
    expect(await read(30)).toEqual(singles(30));
    expect(await hasPresumedLimits()).toBe(false);
    await clock.pass(61);
    expect(await read(40)).toEqual([`200 ${batch(40)}`]);
  },
);

test.each(fromEdge)(
  'after %s and one of Spotify a minute later, no batch is sent for a day',
  async (_, rejections, response) => {
    const clock = startClock();
    const forbidden = { status: 403, body: { error: { status: 403, message: 'Forbidden' } } };
    const { read, hasPresumedLimits } = await start([
      { path: '^/tracks$', times: rejections, ...response },
      { path: '^/tracks$', times: 1, ...forbidden },
    ]);
    for (let i = 1; i <= rejections; i += 1) await read(10 * i);
    await clock.pass(61);
    expect(await read(30)).toEqual([`403 ${batch(30)}`, ...singles(30)]);
    expect(await hasPresumedLimits()).toBe(true);
    await clock.pass(23 * 3_600);
    expect(await read(40)).toEqual(singles(40));
  },
);

test('rejections of batches by an edge server over more than an hour take batch reads from the app for a day', async () => {
  const clock = startClock();
  const { read } = await start([{ path: '^/tracks$', status: 403, raw: '<html>Forbidden</html>' }]);
  for (const from of [10, 20]) await read(from);
  for (const [i, minutes] of [2, 60].entries()) {
    await clock.pass(minutes * 60);
    const from = 30 + 10 * i;
    expect(await read(from)).toEqual([`403 ${batch(from)}`, ...singles(from)]);
  }
  await clock.pass(23 * 3_600);
  expect(await read(50)).toEqual(singles(50));
});

test.each([
  ['an empty body', { raw: '' }],
  ['HTML', { raw: '<html>Not Found</html>' }],
  ['JSON without a message', { body: { error: { status: 404 } } }],
] as const)(
  'after a repeated 404 with %s the ids of a batch are read one by one, and no third batch is sent',
  async (_, body) => {
    const clock = startClock();
    const { read } = await start([{ path: '^/tracks$', status: 404, ...body }]);
    for (const from of [10, 20]) {
      const calls = await read(from);
      expect(new Set(calls)).toEqual(new Set([`404 ${batch(from)}`, ...singles(from)]));
      expect(calls.length).toBeLessThanOrEqual(3 + 2); // the batch with its retries
      await clock.pass(11); // for the retries of the next batch
    }
    expect(await read(30)).toEqual(singles(30));
  },
);
