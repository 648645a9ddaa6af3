import { describe, expect, test } from 'vitest';
import { albums, dataOf, fine, inMode, modes, quoted, seen, tracks } from './support/asking.ts';

describe('a track that another one stands in for', () => {
  const links = { linkedFrom: 'linkedFrom { id uri externalUrl }' };
  const relinked = {
    id: tracks.spanishTwin,
    linkedFrom: {
      id: tracks.relinked,
      uri: `spotify:track:${tracks.relinked}`,
      externalUrl: `https://open.spotify.com/track/${tracks.relinked}`,
    },
  };

  test.each(modes)(
    'comes under the id of the other one, and says so where the app may know (%s)',
    async (mode) => {
      const { ask } = await inMode(mode);
      const expected = mode === 'extended' ? relinked : { id: tracks.spanishTwin, linkedFrom: null };
      const document = `{
      track(id: "${tracks.relinked}", market: "ES") { id ${links.linkedFrom} }
      tracks(ids: ${quoted([tracks.explicit, tracks.relinked])}, market: "ES") { id ${links.linkedFrom} }
      album(id: "${albums.relinked}", market: "ES") { tracks(first: 1) { nodes { id ${links.linkedFrom} } } }
      home: track(id: "${tracks.relinked}", market: "DE") { id ${links.linkedFrom} }
    }`;
      expect(seen(await ask(document))).toEqual(
        fine({
          track: expected,
          tracks: [{ id: tracks.explicit, linkedFrom: null }, expected],
          album: { tracks: { nodes: [expected] } },
          home: { id: tracks.relinked, linkedFrom: null },
        }),
      );
    },
  );

  test('leaves no trace on the other one, which stands in for nothing when it is asked for itself', async () => {
    const gateway = await inMode('extended');
    for (const id of [tracks.relinked, tracks.spanishTwin]) {
      const album = `album(id: "${albums.relinked}", market: "ES") { tracks { totalCount } }`;
      const data = await dataOf<{ track: object }>(
        gateway,
        `{ ${album} track(id: "${id}", market: "ES") { id ${links.linkedFrom} } }`,
      );
      expect(data.track).toEqual(id === tracks.relinked ? relinked : { id, linkedFrom: null });
    }
  });
});
