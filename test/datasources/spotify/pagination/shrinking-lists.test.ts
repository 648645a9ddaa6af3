import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startGateway } from '../../../support/gateway.ts';
import { fullTrack, namedObject, plainId, plainPage, shortTrack } from '../../../support/plain-objects.ts';
import { dataOf } from '../../../support/schema-tests.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';

/** Lists whose first page comes with their owner, and that lose items at the front while a client pages through them. */

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 30);
const ownerId = plainId(900_001);
const pageSize = 50;
const maxWindows = 200; // more than any walk needs

interface OwnedList {
  owner: string;
  list: string;
  /** How many items come with the owner. */
  embedded: number;
  item(id: string): object;
  selection: string;
}

const lists: OwnedList[] = [
  {
    owner: 'playlist',
    list: 'items',
    embedded: 100,
    item: (id) => ({ added_at: '2020-01-02T03:04:05Z', is_local: false, item: fullTrack(id) }),
    selection: 'item { ... on Track { id } }',
  },
  {
    owner: 'show',
    list: 'episodes',
    embedded: 50,
    item: (id) => namedObject('episode', id),
    selection: 'id',
  },
  { owner: 'album', list: 'tracks', embedded: 50, item: shortTrack, selection: 'id' },
];

interface Scenario {
  /** Items of the list at first. */
  length: number;
  /** How many items the list loses at the front. */
  removed: number;
  /** Items of a window. */
  size: number;
  /** How many windows the client has read before that. */
  windowsBefore: number;
}

/** @returns the numbers of the items that the client gets: those of the list at first are 0, 1, 2, … */
async function walk({ owner, list, embedded, item, selection }: OwnedList, scenario: Scenario) {
  const { length, removed, size, windowsBefore } = scenario;
  let numbers = Array.from({ length }, (_, number) => number);
  const pageAt = (offset: number, limit: number) => {
    const items = numbers.slice(offset, offset + limit).map((number) => item(plainId(number)));
    const hasNext = offset + limit < numbers.length;
    return plainPage(items, { offset, limit, total: numbers.length, next: hasNext ? 'next' : null });
  };
  const ownerPath = `^/${owner}s/${ownerId}`;
  const offsets = Array.from({ length: Math.ceil(length / pageSize) + 1 }, (_, i) => i * pageSize);
  const upstream = await startScriptedUpstream([
    {
      path: `${ownerPath}$`,
      get body() {
        return { ...namedObject(owner, ownerId), [list]: pageAt(0, embedded) };
      },
    },
    ...offsets.map((offset) => ({
      path: `${ownerPath}/${list}$`,
      query: { offset: `${offset}` },
      get body() {
        return pageAt(offset, pageSize);
      },
    })),
  ]);
  const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });

  const received: number[] = [];
  let after = '';
  for (let windows = 1; windows <= maxWindows; windows += 1) {
    const args = `first: ${size}${after && `, after: "${after}"`}`;
    const page = `list: ${list}(${args}) { nodes { ${selection} } pageInfo { hasNextPage endCursor } }`;
    const data = await dataOf<Data>(gateway, `{ owner: ${owner}(id: "${ownerId}") { ${page} } }`);
    const { nodes, pageInfo } = data.owner.list;
    received.push(...nodes.map((node) => Number((node.item ?? node).id?.slice(1))));
    if (!pageInfo.hasNextPage) return received;
    after = pageInfo.endCursor;
    if (windows === windowsBefore) numbers = numbers.slice(removed);
  }
  throw new Error('the pagination does not end');
}

interface Node {
  id?: string;
  item?: { id: string };
}
type Data = { owner: { list: { nodes: Node[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } };

const numbersFrom = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i);

describe.each(lists)('the items of a list that comes with its $owner', (ownedList) => {
  test(`a client that pages through the ${ownedList.list} that come with the ${ownedList.owner} gets each item once, although the list loses items at the front`, async () => {
    const { embedded } = ownedList;
    const scenario = fc
      .record({
        length: fc.integer({ min: embedded + 5, max: embedded + 60 }),
        removed: fc.integer({ min: 1, max: 20 }),
        size: fc.integer({ min: 4, max: 30 }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ part, ...rest }) => ({
        ...rest,
        windowsBefore: 1 + Math.floor(part * (Math.floor(rest.length / rest.size) - 1)),
      }));
    const hasEachItemOnce = async (given: Scenario) => {
      const received = await walk(ownedList, given);
      const expected = numbersFrom(0, given.length);
      // The client may have got some of the removed items before their removal.
      const isRequired = (number: number) => number >= given.removed || received.includes(number);
      expect(received).toEqual(expected.filter(isRequired));
    };
    await fc.assert(fc.asyncProperty(scenario, hasEachItemOnce), {
      numRuns,
      examples:
        ownedList.owner === 'playlist'
          ? [
              [{ length: 118, removed: 16, size: 8, windowsBefore: 5 }],
              [{ length: 119, removed: 1, size: 20, windowsBefore: 2 }],
              [{ length: 106, removed: 20, size: 12, windowsBefore: 6 }], // the list is then shorter than its first page
              [{ length: 108, removed: 8, size: 23, windowsBefore: 1 }], // the list is then as long as its first page
            ]
          : [],
    });
  }, 60_000);
});
