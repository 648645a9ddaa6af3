import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { epochMs } from '../../../../src/observability/clock.ts';
import type { Edit, FaultRule } from '../../../../src/sandbox/index.ts';
import { startClock } from '../../../support/clock.ts';
import { startGateway } from '../../../support/gateway.ts';
import { hasRedis, startRedis } from '../../../support/redis.ts';
import { artists, dataAndErrorCodes, startInMode, unavailableFields } from '../../../support/schema-tests.ts';

const artistQuery = `{ artist(id: "${artists.bts}") { name images { url } } }`;
const listQuery = `{ artist(id: "${artists.albums9}") { albums(first: 3) { nodes { name } } } }`;
const malformedArtist: Edit[] = [{ path: 'images', set: 7 }];
const malformedItem: Edit[] = [{ path: 'items.1.name', set: 7 }];
const lists: FaultRule['on'] = { route: 'artists/albums' };

/** A sandbox that always sends the artist with malformed images, and gateways that share one Redis. */
async function startShared() {
  const redis = await startRedis();
  const { sandbox } = await startInMode('extended');
  sandbox.faults.add({ on: { route: 'artists' }, fault: { kind: 'edit', edits: malformedArtist } });
  sandbox.faults.add({ ...(lists && { on: lists }), fault: { kind: 'edit', edits: malformedItem } });
  const connect = async () => {
    const connections = await redis.connections();
    const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'extended' });
    await gateway.fetch('/ready');
    while ((await redis.connections()) < connections + 2) await sleep(5); // one for commands, one for messages
    return gateway;
  };
  const calls = () =>
    sandbox
      .calls()
      .filter(({ kind }) => kind === 'api')
      .map(({ path }) => path);
  const storedName = async (pattern: string): Promise<string> => {
    for (;;) {
      const [name] = await redis.client.keys(pattern);
      if (name !== undefined) return name;
      await sleep(5);
    }
  };
  return { redis, sandbox, connect, calls, storedName };
}

test.skipIf(!hasRedis())(
  'an object whose optional part is always malformed is read from Spotify by one process only',
  async () => {
    const { connect, calls, sandbox, storedName } = await startShared();
    const [one, other] = [await connect(), await connect()];
    const first = await one.execute(artistQuery);
    expect(first.errors.map(({ path }) => path?.join('.'))).toEqual(['artist.images']);
    await storedName(`*:entry:*artist/${artists.bts}`);

    sandbox.clearCalls();
    const second = await other.execute(artistQuery);
    expect(dataAndErrorCodes(second)).toEqual(dataAndErrorCodes(first));
    expect(unavailableFields(second)).toEqual(unavailableFields(first));
    expect(calls()).toEqual([]);
  },
);

test.skipIf(!hasRedis()).each([
  ['a body without an id', { body: { name: 'BTS' }, hasMalformedParts: true }],
  ['a body that is a number', { body: 7, hasMalformedParts: true }],
  ['a malformed part that Spotify did not send', { hasMalformedParts: false }],
])('a stored entry with %s is a cache miss', async (_, change) => {
  const { connect, calls, redis, sandbox, storedName } = await startShared();
  const name = await storedNameAfter(connect, storedName);
  const entry = {
    key: `artist/${artists.bts}`,
    body: { id: artists.bts, name: 'BTS', type: 'artist', images: 7 },
    etag: null,
    asOfMs: epochMs(),
    freshUntilMs: epochMs() + 60_000,
    usableUntilMs: epochMs() + 60_000,
    isRepeated: false,
  };
  await redis.client.set(name, JSON.stringify({ ...entry, ...change }), 'PX', 60_000);
  sandbox.faults.clear();
  sandbox.clearCalls();
  const { data, errors } = await (await connect()).execute(artistQuery);
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ artist: { name: 'BTS' } });
  expect(calls()).toEqual([`/artists/${artists.bts}`]);
});

async function storedNameAfter(
  connect: Awaited<ReturnType<typeof startShared>>['connect'],
  storedName: Awaited<ReturnType<typeof startShared>>['storedName'],
): Promise<string> {
  await (await connect()).execute(artistQuery);
  return storedName(`*:entry:*artist/${artists.bts}`);
}

test.skipIf(!hasRedis()).each([7, 'x', {}, [], null, { id: 7 }, [{ url: 7 }], [[]]])(
  'a stored entry that states malformed parts never causes INTERNAL_SERVER_ERROR for the part %j',
  async (part) => {
    const { connect, redis, storedName } = await startShared();
    const name = await storedNameAfter(connect, storedName);
    const times = {
      asOfMs: epochMs(),
      freshUntilMs: epochMs() + 60_000,
      usableUntilMs: epochMs() + 60_000,
    };
    const body = {
      id: artists.bts,
      name: 'BTS',
      type: 'artist',
      images: part,
      genres: part,
      followers: part,
      external_urls: part,
      popularity: part,
    };
    const entry = { key: `artist/${artists.bts}`, body, etag: null, ...times, hasMalformedParts: true };
    await redis.client.set(name, JSON.stringify(entry), 'PX', 60_000);
    const gateway = await connect();
    const { errors } = await gateway.execute(
      `{ artist(id: "${artists.bts}") { name images { url width } genres followers { total } externalUrl popularity } }`,
    );
    const codes = new Set(errors.map(({ extensions }) => extensions?.['code']));
    codes.delete('UPSTREAM_BAD_RESPONSE');
    expect([...codes]).toEqual([]);
    expect(gateway.logged.filter(({ level }) => level === 'error')).toEqual([]);
  },
);

test('a list whose item is always malformed is read once more while the list is fresh, and twice when two periods of freshness have passed', async () => {
  const { pass } = startClock();
  const { execute, sandbox, apiCalls } = await startInMode('extended', { CACHE_TTL_SECONDS: '100' });
  sandbox.faults.add({ ...(lists && { on: lists }), fault: { kind: 'edit', edits: malformedItem } });
  await execute(`{ artist(id: "${artists.albums9}") { name } }`);
  sandbox.clearCalls();
  const failedItem = ['artist.albums.nodes.1', 'UPSTREAM_BAD_RESPONSE'];
  for (let i = 0; i < 5; i += 1)
    expect(dataAndErrorCodes(await execute(listQuery)).errors).toEqual([failedItem]);
  expect(apiCalls()).toHaveLength(2);
  await pass(90);
  await execute(listQuery);
  expect(apiCalls()).toHaveLength(2);
  await pass(111);
  sandbox.clearCalls();
  for (let i = 0; i < 5; i += 1) await execute(listQuery);
  expect(apiCalls().filter((path) => path.includes('/albums'))).toHaveLength(2);
});

test.each([
  ['one response', 1],
  ['every response', Number.POSITIVE_INFINITY],
])('a list whose total is malformed in %s is read once more while the list is fresh', async (_, times) => {
  const { execute, sandbox, apiCalls } = await startInMode('extended');
  sandbox.faults.add({
    ...(lists && { on: lists }),
    times,
    fault: { kind: 'edit', edits: [{ path: 'total', set: '9' }] },
  });
  const read = () => execute(`{ artist(id: "${artists.albums9}") { albums(first: 3) { totalCount } } }`);
  const failedTotal = [['artist.albums.totalCount', 'UPSTREAM_BAD_RESPONSE']];
  const laterErrors = times === 1 ? [] : failedTotal;
  for (const errors of [failedTotal, laterErrors, laterErrors])
    expect(dataAndErrorCodes(await read()).errors).toEqual(errors);
  expect(apiCalls().filter((path) => path.includes('/albums'))).toHaveLength(2);
});

test.skipIf(!hasRedis())(
  'processes that share a store read a list with a malformed item twice in all while it is fresh',
  async () => {
    const { connect, calls, sandbox, redis } = await startShared();
    const [one, other] = [await connect(), await connect()];
    await one.execute(listQuery);
    await one.execute(listQuery);
    while ((await redis.client.keys('*:entry:*/albums?*')).length === 0) await sleep(5);
    await sleep(60); // the second read replaces the first in Redis
    expect(calls().filter((path) => path.includes('/albums'))).toHaveLength(2);

    sandbox.clearCalls();
    for (let i = 0; i < 3; i += 1) await other.execute(listQuery);
    expect(calls()).toEqual([]);
  },
);
