import { beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../src/sandbox/index.ts';
import {
  artists,
  catalogue,
  expectNoError,
  fine,
  lessonsOf,
  quoted,
  seen,
  unknownApp,
  unknownId,
} from './support/asking.ts';

/** What an app may do is found out from Spotify's answers: once, and with as few calls as that takes. */

// The sandbox draws its tracks at the first search, for longer than a gateway lets its process stand still.
beforeAll(() => void catalogue.find('track', 'the'));

const everybody = catalogue.artists().map(({ id }) => id);
const listOf = (id: string) => `{ artist(id: "${id}") { albums(first: 1) { totalCount } } }`;
const listsOf = (ids: readonly string[]) =>
  `{ artists(ids: ${quoted(ids)}) { albums(first: 1) { totalCount } } }`;
const search = (q: string) => `{ search(q: "${q}") { albums(first: 1) { totalCount } } }`;

const limits = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => new URLSearchParams(path.split('?')[1]).get('limit') ?? []);

describe('the page ceiling', () => {
  test('is found by stepping down, once for artists and once for searches, and remembered', async () => {
    const gateway = await unknownApp('development');
    await expectNoError(gateway, listOf(artists.bts));
    await expectNoError(gateway, listOf(artists.albums9));
    expect(limits(gateway.apiCalls())).toEqual(['50', '20', '10', '10']);
    gateway.sandbox.clearCalls();
    await expectNoError(gateway, search('the'));
    await expectNoError(gateway, search('a'));
    expect(limits(gateway.apiCalls())).toEqual(['50', '20', '10', '10']);
    expect(lessonsOf(gateway, 'artists/albums')).toEqual([['artists/albums', 10]]);
    expect(lessonsOf(gateway, 'search')).toEqual([['search', 10]]);
  });

  test('of an app that has the largest is tried for nothing', async () => {
    const gateway = await unknownApp('extended');
    for (const document of [listOf(artists.bts), listOf(artists.albums9), search('the')])
      await expectNoError(gateway, document);
    expect(limits(gateway.apiCalls())).toEqual(['50', '50', '50']);
    expect(lessonsOf(gateway, 'artists/albums')).toEqual([['artists/albums', 50]]);
  });

  test('costs the refused tries once, however many ask at first', async () => {
    const gateway = await unknownApp('development');
    await Promise.all(everybody.slice(0, 20).map((id) => expectNoError(gateway, listOf(id))));
    const asked = limits(gateway.apiCalls());
    expect(asked.filter((limit) => limit !== '10')).toEqual(['50', '20']);
    expect(asked).toHaveLength(22);
    expect(lessonsOf(gateway, 'artists/albums')).toHaveLength(1);
  });

  test('is not learned from an artist that does not exist', async () => {
    const gateway = await unknownApp('development');
    await expectNoError(gateway, listsOf([unknownId, ...everybody.slice(0, 19)]));
    const asked = gateway.sandbox.calls().filter(({ route }) => route === 'artists/albums');
    expect(asked.filter(({ status }) => status === 400)).toHaveLength(2);
    expect(lessonsOf(gateway, 'artists/albums')).toEqual([['artists/albums', 10]]);
  });

  test('that is lowered later is found anew, and windows stay whole', async () => {
    const gateway = await unknownApp('extended');
    await expectNoError(gateway, listOf(artists.albums9));
    gateway.sandbox.setQuotaMode('development');
    const nodes = catalogue.albumsOf(artists.bts).slice(0, 60);
    expect(
      seen(await gateway.ask(`{ artist(id: "${artists.bts}") { albums(first: 60) { nodes { id } } } }`)),
    ).toEqual(
      fine({
        artist: { albums: { nodes: nodes.map((slot) => ({ id: slot.shows === 'album' && slot.albumId })) } },
      }),
    );
    expect(limits(gateway.apiCalls()).slice(1)).toEqual(['50', '20', ...Array(6).fill('10')]);
  });

  test('is told by a smaller page than asked for, too', async () => {
    const gateway = await unknownApp('extended');
    gateway.sandbox.faults.add({
      on: { route: 'artists/albums' },
      fault: { kind: 'ceiling', limit: 7, clamp: true },
    });
    const nodes = catalogue.albumsOf(artists.bts).slice(0, 20);
    expect(
      seen(await gateway.ask(`{ artist(id: "${artists.bts}") { albums(first: 20) { nodes { id } } } }`)),
    ).toEqual(
      fine({
        artist: { albums: { nodes: nodes.map((slot) => ({ id: slot.shows === 'album' && slot.albumId })) } },
      }),
    );
    await expectNoError(gateway, listOf(artists.albums9));
    // The small page was paid for, and is used.
    expect(limits(gateway.apiCalls())).toEqual(['50', '7', '7', '7']);
    expect(lessonsOf(gateway, 'artists/albums')).toEqual([['artists/albums', 7]]);
  });

  test('that refuses every size is a wrong answer, after three calls', async () => {
    const gateway = await unknownApp('extended');
    gateway.sandbox.faults.add({ on: { route: 'artists/albums' }, fault: { kind: 'ceiling', limit: 5 } });
    expect(seen(await gateway.ask(listOf(artists.bts)))).toEqual({
      data: { artist: { albums: null } },
      errors: [['artist.albums', 'UPSTREAM_BAD_RESPONSE']],
    });
    expect(limits(gateway.apiCalls())).toEqual(['50', '20', '10']);
  });

  test('is not lowered by another refusal: 400 with other words is one call, and final', async () => {
    const gateway = await unknownApp('extended');
    const fault: Fault = {
      kind: 'answer',
      status: 400,
      json: { error: { status: 400, message: 'Invalid offset' } },
    };
    gateway.sandbox.faults.add({ on: { route: 'artists/albums' }, times: 1, fault });
    const { errors } = await gateway.ask(listOf(artists.bts));
    expect(errors[0]?.extensions).toEqual({ code: 'UPSTREAM_BAD_RESPONSE' });
    await expectNoError(gateway, listOf(artists.albums9));
    expect(limits(gateway.apiCalls())).toEqual(['50', '50']);
  });

  test('is lowered by a refusal without words', async () => {
    const gateway = await unknownApp('extended');
    gateway.sandbox.faults.add({
      on: { route: 'artists/albums' },
      times: 1,
      fault: { kind: 'answer', status: 400 },
    });
    await expectNoError(gateway, listOf(artists.bts));
    expect(limits(gateway.apiCalls())).toEqual(['50', '20']);
  });
});
