import { describe, expect, test } from 'vitest';
import { fixtures } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums, tracks } = fixtures;
const unknown = '0000000000000000000000';
const { get } = useSandbox({ quotaMode: 'extended' });

describe.each([
  ['artists', 50, artists.bts, artists.albums1, ''],
  ['albums', 20, albums.tracks1, albums.tracks130, ''],
  ['tracks', 50, tracks.explicit, tracks.severalArtists, ''],
  ['albums', 20, albums.tracks1, albums.tracks130, '&market=DE'],
  ['tracks', 50, tracks.explicit, tracks.severalArtists, '&market=DE'],
] as const)('a batch of %s', (kind, most, one, other, rest) => {
  const read = async (ids: readonly string[]) => {
    const response = await get(`/${kind}?ids=${ids.join()}${rest}`);
    return { status: response.status, entries: response.at(kind) as ({ id: string } | null)[] };
  };
  const idsIn = async (ids: readonly string[]) => (await read(ids)).entries.map((entry) => entry?.id ?? null);

  test(`a batch of ${kind} has entries in the order of its ids, null for an unknown id, and two entries for a repeated id`, async () => {
    expect(await idsIn([other, unknown, one, other])).toEqual([other, null, one, other]);
    expect(await idsIn([unknown])).toEqual([null]);
  });

  test(`a batch of ${kind} may have ${most} ids, and its entries equal the objects of single reads`, async () => {
    const { status, entries } = await read(
      Array.from({ length: most }, (_, index) => (index % 2 ? one : other)),
    );
    expect([status, entries.length]).toEqual([200, most]);
    const single = await get(`/${kind}/${one}?${rest}`);
    // In a single read of an artist, the link repeats the locale.
    expect(entries[1]).toEqual(JSON.parse(single.text.replace('?locale=*', '')));
  });
});

test('a batch of tracks has the replacement of a track that is relinked in the market', async () => {
  const response = await get(`/tracks?ids=${tracks.relinked},${tracks.explicit}&market=ES`);
  expect(response.at('tracks.0.id')).toBe(tracks.spanishReplacement);
  expect(response.at('tracks.0.linked_from.id')).toBe(tracks.relinked);
  expect(response.at('tracks.1.id')).toBe(tracks.explicit);
});
