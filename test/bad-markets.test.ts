import { describe, expect, test } from 'vitest';
import { parseMarket } from '../src/datasources/spotify/markets.ts';
import { albums, artists, inMode, seen, tracks } from './support/asking.ts';

describe('what is no market', () => {
  const bad = ['XX', 'us', '../', '', 'DEU', 'U', ' US', 'from_token', 'X'.repeat(2_000)];
  const fields = [
    ['album', `album(id: "${albums.tracks1}", market: $m) { name }`],
    ['track', `track(id: "${tracks.explicit}", market: $m) { name }`],
    ['search', 'search(q: "x", market: $m) { albums { totalCount } }'],
    ['artist', `artist(id: "${artists.albums9}") { name albums(market: $m) { totalCount } }`],
    ['artist', `artist(id: "${artists.albums9}") { name topTracks(market: $m) { name } }`],
    ['album', `album(id: "${albums.tracks1}") { name tracks(market: $m) { totalCount } }`],
    [
      'node',
      `node(id: "spotify:artist:${artists.albums9}") { id ... on Artist { topTracks(market: $m) { name } } }`,
    ],
    ['track', `track(id: "${tracks.explicit}") { artists { ...deep } }`],
  ] as const;

  test.each(fields)(
    'refuses its root field before anything runs, and no sibling: %s in %s',
    async (root, field) => {
      const { ask, apiCalls } = await inMode('development');
      const deep = field.includes('...deep')
        ? 'fragment deep on Artist { albums(first: 1) { nodes { tracks(market: $m) { totalCount } } } }'
        : '';
      const document = `query ($m: Market) { ${field} sibling: artist(id: "${artists.albums1}") { name } } ${deep}`;
      for (const m of bad) {
        expect(seen(await ask(document, { m }))).toEqual({
          data: { [root]: null, sibling: { name: 'The Only Record' } },
          errors: [[root, 'BAD_USER_INPUT']],
        });
      }
      expect(apiCalls()).toEqual([`/artists/${artists.albums1}`]);
    },
  );

  test.each(['albums', 'tracks'])('is refused by plural fields without a call: %s', async (field) => {
    const { ask, sandbox } = await inMode('extended');
    const answer = await ask(`{ ${field}(ids: ["${albums.tracks1}"], market: "XX") { id } }`);
    expect(answer.errors.map(({ path, extensions }) => [path, extensions])).toEqual([
      [[field], { code: 'BAD_USER_INPUT' }],
    ]);
    expect(sandbox.calls()).toEqual([]);
  });

  test('is never made into a market, whoever tries', () => {
    for (const text of bad) expect(() => parseMarket(text)).toThrow('Not a market');
    expect(['DE', 'KR', 'XK'].map(parseMarket)).toEqual(['DE', 'KR', 'XK']);
  });

  test('is refused as a mistake of the document when it is no string at all', async () => {
    const { ask, sandbox } = await inMode('development');
    const { status } = await ask(`{ album(id: "${albums.tracks1}", market: 7) { name } }`);
    expect(status).toBe(400);
    const variable = await ask(`query ($m: Market) { album(id: "${albums.tracks1}", market: $m) { name } }`, {
      m: 7,
    });
    expect(variable.status).toBe(400);
    expect(sandbox.calls()).toEqual([]);
  });
});
