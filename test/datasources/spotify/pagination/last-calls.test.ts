import { expect, test } from 'vitest';
import { startClock } from '../../../support/clock.ts';
import { codesOf, startGateway } from '../../../support/gateway.ts';
import { type TestList, testList } from '../../../support/lists.ts';
import { plainId, plainPage, shortAlbum, shortArtist } from '../../../support/plain-objects.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';

/** The app gets pages of 10, and too few calls of the day are left to try a larger page as well. */

const list: TestList = { slots: Array.from({ length: 45 }, (_, i) => i + 1), ceiling: 10, manner: 'refuse' };
const dayAndHour = 25 * 3_600;
const freshMs = 30 * 24 * 3_600_000;
const rejected = { limit: 50, refused: true };
const accepted = { limit: 10, refused: false };

test.each([
  { first: 10, callsLeft: 1, sent: [accepted] },
  { first: 10, callsLeft: 2, sent: [rejected, accepted] },
  { first: 20, callsLeft: 2, sent: [accepted, accepted] },
  { first: 20, callsLeft: 3, sent: [rejected, accepted, accepted] },
  { first: 45, callsLeft: 3, sent: [accepted, accepted, accepted] },
])(
  'a day after the page size was learned, a window of $first albums with $callsLeft calls left costs the calls $sent',
  async ({ first, callsLeft, sent }) => {
    const clock = startClock();
    const quota = { callsLeft: 100, isKnown: true };
    const { page, requests } = testList(list, { freshMs, quota });
    const { endCursor } = await page({ first: 10 });
    await clock.pass(dayAndHour);
    quota.callsLeft = callsLeft;
    requests.length = 0;
    const { ids } = await page({ first, after: endCursor });
    expect(ids).toEqual(list.slots.slice(10, 10 + 10 * sent.filter(({ refused }) => !refused).length));
    expect(requests.map(({ limit, refused }) => ({ limit, refused }))).toEqual(sent);
  },
);

const albums = plainPage([shortAlbum(plainId(100))], { offset: 0, limit: 10, total: 1 });

async function startWithTwoCalls(family: 'search' | 'artists/albums') {
  const upstream = await startScriptedUpstream([
    { path: '/(albums|search)$', query: { limit: '50' }, status: 400, body: invalidLimit },
    { path: '/search$', body: { albums } },
    { path: '/albums$', body: albums },
    { path: '^/artists/[^/]+$', body: shortArtist(plainId(1)) },
  ]);
  // One of the two calls stays unused.
  const { execute } = startGateway(upstream, { SPOTIFY_DAILY_LIMITS: `${family}=2` });
  const limits = () => upstream.calls().flatMap(({ query }) => query.get('limit') ?? []);
  return { limits, codes: async (document: string) => codesOf(await execute(document)) };
}

const invalidLimit = { error: { status: 400, message: 'Invalid limit' } };

test('a search with the only call of a day uses the page size that was learned the day before', async () => {
  const { limits, codes } = await startWithTwoCalls('search');
  const clock = startClock();
  const search = (q: string) => `{ search(q: "${q}") { albums(first: 5) { nodes { id } } } }`;
  expect(await codes(search('a'))).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
  for (const q of ['b', 'c']) {
    await clock.pass(dayAndHour);
    expect(await codes(search(q))).toEqual([]);
  }
  expect(limits()).toEqual(['50', '10', '10']);
});

test('the only call for a list requests a page of 10 if the app is known to be in development mode', async () => {
  const { limits, codes } = await startWithTwoCalls('artists/albums');
  expect(await codes(`{ artist(id: "${plainId(1)}") { popularity } }`)).toEqual([]);
  expect(await codes(`{ artist(id: "${plainId(1)}") { albums(first: 5) { nodes { id } } } }`)).toEqual([]);
  expect(limits()).toEqual(['10']);
});
