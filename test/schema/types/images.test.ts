import { expect, test } from 'vitest';
import { albums, artists, episodes, modes, shows, startInMode } from '../../support/schema-tests.ts';

const sizes = `all: images { url width } none: images(minWidth: 0) { url width } middle: images(minWidth: 100) { url width }
  exact: images(minWidth: 300) { url width } largest: images(minWidth: 5000) { url width }`;

type Picture = { url: string; width: number };
type Sizes = Record<'all' | 'none' | 'middle' | 'exact' | 'largest', Picture[]>;

test.each(modes)(
  'minWidth selects the smallest image that suffices, else the largest, of every type for an app in %s mode',
  async (mode) => {
    const { execute } = await startInMode(mode);
    const { data, errors } = await execute<Record<string, Sizes>, never>(`{
      artist(id: "${artists.bts}") { ${sizes} } album(id: "${albums.tracks20}") { ${sizes} }
      show(id: "${Object.values(shows)[0]}") { ${sizes} } episode(id: "${Object.values(episodes)[0]}") { ${sizes} }
    }`);
    expect(errors).toEqual([]);
    for (const found of Object.values(data ?? {})) {
      const narrowestFirst = found.all.toSorted((one, other) => one.width - other.width);
      const from = (width: number) => narrowestFirst.filter((image) => image.width >= width).slice(0, 1);
      expect(found.all.length).toBeGreaterThan(1);
      expect(found.none).toEqual(narrowestFirst.slice(0, 1));
      expect(found.middle).toEqual(from(100));
      expect(found.exact).toEqual(from(300));
      expect(found.largest).toEqual(narrowestFirst.slice(-1));
    }
  },
);

test('minWidth costs the calls of the images alone, and is BAD_USER_INPUT below 0', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const { data, errors } = await execute(
    `{ album(id: "${albums.tracks20}") { name images(minWidth: 64) { width } bad: images(minWidth: -1) { width } } }`,
  );
  expect(data).toMatchObject({ album: { images: [{ width: 64 }], bad: null } });
  expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
    [['album', 'bad'], 'BAD_USER_INPUT'],
  ]);
  expect(apiCalls()).toHaveLength(1);
});

test('an image of unknown width is selected only if there is no other', async () => {
  const document = `{ artist(id: "${artists.bts}") { none: images(minWidth: 0) { width } largest: images(minWidth: 5000) { width } } }`;
  const read = async (path: string, set: unknown) => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ fault: { kind: 'edit', edits: [{ path, set }] } });
    return (await execute<{ artist: Record<string, Picture[]> }, never>(document)).data?.artist;
  };
  const knownWidth = [{ width: expect.any(Number) }];
  expect(await read('images.1.width', null)).toEqual({ none: knownWidth, largest: knownWidth });
  const unknownWidth = [{ width: null }];
  const imagesWithoutWidth = [{ url: 'https://i.scdn.co/image/cover', width: null, height: null }];
  expect(await read('images', imagesWithoutWidth)).toEqual({ none: unknownWidth, largest: unknownWidth });
});
