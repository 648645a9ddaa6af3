import { describe, expect, test } from 'vitest';
import { servesReadById } from '../../../../src/datasources/spotify/cache/embedded.ts';
import { createMemory } from '../../../../src/datasources/spotify/cache/memory.ts';
import type { Market, SpotifyId } from '../../../../src/datasources/spotify/index.ts';
import type { Album } from '../../../../src/datasources/spotify/kinds/album.ts';
import type { Malformed } from '../../../../src/datasources/spotify/kinds/decoding/json.ts';
import { type LazyItems, lazyItems } from '../../../../src/datasources/spotify/kinds/decoding/lazy-items.ts';
import { kinds } from '../../../../src/datasources/spotify/kinds/index.ts';
import type { EntityKey } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { slots } from '../../../support/album-pages.ts';
import { lastingEntry } from '../../../support/cache.ts';
import { startClock } from '../../../support/clock.ts';
import { fullArtist, fullTrack } from '../../../support/plain-objects.ts';
import { artists, dataAndErrorCodes, startInMode, withoutErrors } from '../../../support/schema-tests.ts';

/** All objects on a page that was read are cached, also those that no operation has selected yet. */

const { albums50 } = artists;
const [album = ''] = slots(29, 30, albums50);
const firstFive = `{ artist(id: "${albums50}") { albums(first: 5) { nodes { name } } } }`;
const byId = `{ album(id: "${album}") { id totalTracks artists { id } } }`;

describe('an album further down a page', () => {
  test('a read of an album further down a cached page costs no call, and returns the same album as the page', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    await execute(firstFive);
    sandbox.clearCalls();
    const found = (await execute<{ album: object }, object>(byId)).data?.album;
    expect(apiCalls()).toEqual([]);
    const listed = await execute<{ artist: { albums: { nodes: object[] } } }, object>(
      `{ artist(id: "${albums50}") { albums(first: 30) { nodes { id totalTracks artists { id } } } } }`,
    );
    expect(found).toEqual(listed.data?.artist.albums.nodes[29]);
    expect(apiCalls()).toEqual([]);
  });

  test('an album further down a page is read from Spotify when two periods of freshness have passed', async () => {
    const clock = startClock();
    const { execute, apiCalls, sandbox } = await startInMode('extended', { CACHE_TTL_SECONDS: '100' });
    await execute(firstFive);
    sandbox.clearCalls();
    await clock.pass(201);
    expect((await execute(byId)).errors).toEqual([]);
    expect(apiCalls()).toEqual([`/albums/${album}`]);
  });

  test('an album further down a page is cached only for the market of the page', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    await execute(firstFive.replace('first: 5', 'first: 5, market: "ES"'));
    sandbox.clearCalls();
    await execute(byId.replace(')', ', market: "ES")'));
    expect(apiCalls()).toEqual([]);
    await execute(byId);
    expect(apiCalls()).toEqual([`/albums/${album}`]);
  });

  test('a read of an album for a market also caches the artist of the album for a read without a market', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    const list = `{ album(id: "${album}", market: "ES") { tracks(first: 1, market: "ES") { nodes { name } } } }`;
    await execute(list);
    sandbox.clearCalls();
    const document = `{ artist(id: "${albums50}") { id } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(withoutErrors({ artist: { id: albums50 } }));
    expect(apiCalls()).toEqual([]);
  });
});

const id = (number: number) => `${number}`.padStart(22, '0') as SpotifyId;
const spain = 'ES' as Market;
const keyOf = (number: number, market: Market | null = null): EntityKey => ({
  kind: 'album',
  id: id(number),
  market,
});
const entry = (freshUntilMs?: number) => lastingEntry(0, freshUntilMs);

/** Without these, an album of a list does not serve reads by its id. */
const everyPart = Object.fromEntries(kinds.album.requiredFields.map((field) => [field, 'sent']));

/** A list of albums, and the ids of those that were decoded, in order. */
function listOf(numbers: number[], market: Market | null = null) {
  const decodedIds: string[] = [];
  const sent = numbers.map((number) => ({ id: id(number), type: 'album' }));
  const items = lazyItems<Album>(sent, { market, kinds }, (item) => {
    const object = item as Album;
    decodedIds.push(object.id);
    return { ...object, ...everyPart, kind: 'album', market } as Album | Malformed;
  });
  return { items: items as LazyItems<Album>, decodedIds };
}

test.each([
  ['artist', 'images', fullArtist(id(1))],
  ['track', 'album', fullTrack(id(1))],
  ['track', 'external_ids', fullTrack(id(1))],
] as const)('a full %s of another response without its %s serves no read by its id', (kind, part, json) => {
  const serves = (sent: object, full: boolean) =>
    servesReadById(kinds[kind].decode(sent, { full, market: null, kinds }), kinds);
  const { [part as keyof typeof json]: _, ...incomplete } = json;
  expect([serves(json, true), serves(incomplete, true), serves(incomplete, false)]).toEqual([
    true,
    false,
    true,
  ]);
});

test.each([
  ['show', 'total_episodes'],
  ['episode', 'release_date'],
  ['episode', 'duration_ms'],
  ['chapter', 'release_date'],
  ['chapter', 'duration_ms'],
  ['chapter', 'chapter_number'],
] as const)('a simplified %s without %s serves no read by its id', (kind, part) => {
  const parts = {
    ...{ id: id(1), name: 'Name', external_urls: { spotify: 'https://open.spotify.com/' } },
    ...{ description: 'text', explicit: false, images: [], total_episodes: 1 },
    ...{ release_date: '2020', duration_ms: 1, chapter_number: 1 },
  };
  const serves = (sent: object) =>
    servesReadById(kinds[kind].decode(sent, { full: false, market: null, kinds }), kinds);
  expect([serves(parts), serves({ ...parts, [part]: null })]).toEqual([true, false]);
});

describe('objects in lists', () => {
  test('an object in a list is found without decoding the other objects', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const { items, decodedIds } = listOf([1, 2, 3]);
    memory.set('page', entry(), [items]);
    expect(memory.findEmbedded(keyOf(2))?.value).toMatchObject({ id: id(2) });
    expect(memory.findEmbedded(keyOf(4))).toBeUndefined();
    expect(memory.findEmbedded({ ...keyOf(2), kind: 'track' })).toBeUndefined();
    expect(decodedIds).toEqual([id(2)]);
  });

  test('an object in a list is found until CACHE_STALE_SECONDS after its own freshness, even if the list lasts longer', () => {
    const sentAtMs = epochMs() - kinds.album.freshMs - 1_000;
    const find = (staleMs: number) => {
      const memory = createMemory({ freshMs: null, staleMs });
      memory.set('page', entry(sentAtMs), [listOf([1]).items]);
      return memory.findEmbedded(keyOf(1));
    };
    expect(find(0)).toBeUndefined();
    expect(find(60_000)).toMatchObject({ value: { id: id(1) } });
  });

  test('the objects of a list are removed with the list, except objects that a later list also contains', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    memory.set('page 1', entry(), [listOf([1, 2]).items]);
    memory.set('page 2', entry(), [listOf([2, 3]).items]);
    memory.set('page 1', entry());
    expect([1, 2, 3].map((number) => memory.findEmbedded(keyOf(number)) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('an object is found in the latest of several lists, also if an older list is loaded afterwards', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const [later, older] = [listOf([1, 2]), listOf([2, 3])];
    const nowMs = epochMs();
    memory.set('later page', entry(nowMs), [later.items]);
    memory.set('older page', entry(nowMs - 60_000), [older.items]);
    for (const number of [1, 2, 3]) expect(memory.findEmbedded(keyOf(number))).toBeDefined();
    expect([later.decodedIds, older.decodedIds]).toEqual([[id(1), id(2)], [id(3)]]);
  });

  test('the objects of a list are cached as long as one of two entries that share the list', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const { items } = listOf([1]);
    memory.set('page of 50', entry(), [items]);
    memory.set('page of 10', entry(), [items]);
    memory.set('page of 50', entry());
    expect(memory.findEmbedded(keyOf(1))).toBeDefined();
    memory.set('page of 10', entry());
    expect(memory.findEmbedded(keyOf(1))).toBeUndefined();
  });

  test('objects in lists of different markets are kept apart', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    memory.set('page', entry(), [listOf([1]).items]);
    memory.set('page of Spain', entry(), [listOf([1, 2], spain).items]);
    expect(memory.findEmbedded(keyOf(1))?.value).toMatchObject({ market: null });
    expect(memory.findEmbedded(keyOf(1, spain))?.value).toMatchObject({ market: spain });
    expect(memory.findEmbedded(keyOf(2))).toBeUndefined();
  });

  test('objects in several lists of equal ids are found only by their own ids and markets', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const markets = ['DE', 'JP', 'US', null] as (Market | null)[];
    for (const market of markets)
      memory.set(`page ${market}`, entry(), [
        listOf(
          Array.from({ length: 20 }, (_, i) => i),
          market,
        ).items,
      ]);
    for (const market of markets) {
      for (let number = 0; number < 20; number += 1) {
        expect(memory.findEmbedded(keyOf(number, market))?.value).toMatchObject({ id: id(number), market });
      }
      expect(memory.findEmbedded(keyOf(20, market))).toBeUndefined();
    }
  });

  test('the objects of a list are decoded once, and have the ids of their JSON', () => {
    const { items, decodedIds } = listOf([1, 2, 3]);
    expect(items.idAt(1)).toBe(id(2));
    expect(decodedIds).toEqual([]);
    for (let i = 0; i < 100; i += 1) items.at(i % 3);
    expect(decodedIds.length).toBe(3);
    expect(items.at(1)).toBe(items.at(1));
    expect(items.idAt(1)).toBe(id(2));
    expect(items.at(3)).toBeNull();
    expect(items.idAt(3)).toBeUndefined();
  });

  test('a track in a list is found only by its id and the ids of its artists, its album and the artists of its album', () => {
    const artist = (number: number) => ({ id: id(number), type: 'artist' });
    const track = {
      id: id(1),
      type: 'track',
      artists: [artist(2), null, 'artist'],
      album: { id: id(3), type: 'album', artists: [artist(4)] },
      linked_from: { id: id(5), type: 'track' },
      more: { id: id(6), type: 'track' },
    };
    const items = lazyItems<Album>([null, track, 7, { id: id(7) }], { market: spain, kinds }, () => ({
      malformed: 'track',
    }));
    expect([...items.indexes]).toEqual([
      [`track/${id(1)}?market=ES`, 1],
      [`artist/${id(2)}`, 1],
      [`album/${id(3)}?market=ES`, 1],
      [`artist/${id(4)}`, 1],
    ]);
    expect([0, 1, 2, 3].map((index) => items.idAt(index))).toEqual([undefined, id(1), null, id(7)]);
  });

  test('a malformed object makes its list incomplete once the object is decoded', () => {
    const items = lazyItems<Album>([{ id: id(1) }, null], { market: null, kinds }, () => ({
      malformed: 'album',
    }));
    expect(items.isWhole()).toBe(true);
    expect(items.at(1)).toBeNull();
    expect(items.isWhole()).toBe(true);
    expect(items.at(0)).toEqual({ malformed: 'album' });
    expect(items.isWhole()).toBe(false);
  });
});
