import { describe, expect, test } from 'vitest';
import type { Edit, Fault } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { messageOf, useSandbox } from './client.ts';

const { artists, albums, tracks } = catalogue.fixtures;
const client = useSandbox({ quotaMode: 'extended', catalogue });
const { getUnder } = client;
const list = `/artists/${artists.bts}/albums`;

describe('a fault of the data', () => {
  test('a `ceiling` fault rejects larger pages, and lowers the default page size to its limit', async () => {
    client.sandbox.faults.add({ fault: { kind: 'ceiling', limit: 7 } });
    const refused = await client.get(`${list}?limit=8`);
    expect([refused.status, messageOf(refused)]).toEqual([400, 'Invalid limit']);
    expect((await client.get(`${list}?limit=7`)).at('items')).toHaveLength(7);
    expect((await client.get(list)).at('limit')).toBe(7);
  });

  test('a `ceiling` fault with `clamp` sends the largest allowed page, and the page states that limit', async () => {
    const response = await getUnder({ kind: 'ceiling', limit: 5, clamp: true }, `${list}?limit=50`);
    expect([response.status, response.at('limit')]).toEqual([200, 5]);
    expect(response.at('items')).toHaveLength(5);
    expect(response.at('next')).toContain('offset=5&limit=5');
    expect((await getUnder({ kind: 'ceiling', limit: 5, clamp: true }, `${list}?limit=0`)).status).toBe(400);
  });

  const idsOf = async (fault?: Fault) => {
    const response = fault ? await getUnder(fault, `${list}?limit=50`) : await client.get(`${list}?limit=50`);
    return {
      ids: (response.at('items') as { id: string }[]).map(({ id }) => id),
      total: response.at('total'),
    };
  };

  test('a `listing` fault puts new releases in front of a list, and a new release can be read as an album', async () => {
    const before = await idsOf();
    const { ids, total } = await idsOf({ kind: 'listing', inserted: 3 });
    expect(total).toBe(107);
    expect(ids.slice(3)).toEqual(before.ids.slice(0, 47));
    expect(before.ids).not.toContain(ids[0]);
    expect((await client.get(`/albums/${ids[0]}`)).status).toBe(200);
    expect(await idsOf()).toEqual(before);
  });

  test('a `listing` fault removes the first releases of a list', async () => {
    const before = await idsOf();
    const { ids, total } = await idsOf({ kind: 'listing', removed: 2 });
    expect(total).toBe(102);
    expect(ids.slice(0, 48)).toEqual(before.ids.slice(2));
  });

  test('a `listing` fault overstates the total of a list, and an empty page before that total has a `next`', async () => {
    const response = await getUnder({ kind: 'listing', extraTotal: 40 }, `${list}?limit=50&offset=100`);
    expect(response.at('total')).toBe(144);
    expect(response.at('items')).toHaveLength(4);
    const empty = await getUnder({ kind: 'listing', extraTotal: 60 }, `${list}?limit=50&offset=104`);
    expect(empty.at('items')).toEqual([]);
    expect(empty.at('next')).not.toBeNull();
  });

  test('an `implied-market` fault applies its market to calls without a market, and to no other call', async () => {
    const path = `/tracks/${tracks.relinked}`;
    const implied = await getUnder({ kind: 'implied-market', market: 'ES' }, path);
    expect([implied.at('id'), implied.at('is_playable')]).toEqual([tracks.spanishReplacement, true]);
    const named = await getUnder({ kind: 'implied-market', market: 'ES' }, `${path}?market=DE`);
    expect(named.at('id')).toBe(tracks.relinked);
  });
});

describe('an `edit`', () => {
  const edited = async (...edits: Edit[]) => getUnder({ kind: 'edit', edits }, `${list}?limit=3`);

  test('an `edit` fault sets, removes and renames the values at its paths, and changes no other value', async () => {
    const plain = await client.get(`${list}?limit=3`);
    const response = await edited(
      { path: 'items.0.name', set: null },
      { path: 'items.1.id', set: 7 },
      { path: 'items.2.images', remove: true },
      { path: 'items.2.uri', rename: 'url' },
      { path: 'items.2.nothing.here', set: 1 },
    );
    expect(response.at('items.0.name')).toBeNull();
    expect(response.at('items.1.id')).toBe(7);
    expect(Object.keys(response.at('items.2') as object)).not.toContain('images');
    expect(response.at('items.2.url')).toBe(plain.at('items.2.uri'));
    expect(response.at('items.1.name')).toBe(plain.at('items.1.name'));
    expect(response.at('total')).toBe(104);
    expect(response.headers.get('etag')).toBeNull();
  });

  test('an `edit` fault can add the keys `__proto__` and `constructor`', async () => {
    const response = await edited(
      { path: 'items.0.__proto__', set: { polluted: true } },
      { path: 'constructor', set: { prototype: 1 } },
    );
    expect(response.text).toContain('"__proto__":{"polluted":true}');
    expect(response.text).toContain('"constructor":{"prototype":1}');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('an `edit` fault can change the response of the token endpoint', async () => {
    const edits = [
      { path: 'expires_in', set: 1 },
      { path: 'access_token', remove: true as const },
    ];
    client.sandbox.faults.add({ on: { route: 'token' }, fault: { kind: 'edit', edits } });
    expect((await client.requestToken()).json).toEqual({ token_type: 'Bearer', expires_in: 1 });
  });

  test('an `edit` fault does not change an error response', async () => {
    const response = await getUnder({ kind: 'edit', edits: [{ path: 'error', set: 1 }] }, '/albums/abc');
    expect(messageOf(response)).toBe('Invalid base62 id');
  });
});

const ids = [albums.tracks1, albums.tracks20, albums.tracks50];
const read = async (fault: Omit<Extract<Fault, { kind: 'batch' }>, 'kind'>) => {
  const response = await getUnder({ kind: 'batch', ...fault }, `/albums?ids=${ids.join()}`);
  return (response.at('albums') as ({ id: string } | null)[]).map((album) => album?.id ?? null);
};

test('a `batch` fault sends a batch in another order, shorter, with nulls or with one entry twice', async () => {
  expect(await read({ reverse: true })).toEqual(ids.toReversed());
  expect(await read({ keep: 2 })).toEqual(ids.slice(0, 2));
  expect(await read({ nulls: [1] })).toEqual([ids[0], null, ids[2]]);
  expect(await read({ repeats: [2] })).toEqual([ids[0], ids[1], ids[1]]);
  expect(await read({ reverse: true, keep: 2, nulls: [0] })).toEqual([null, ids[1]]);
});
