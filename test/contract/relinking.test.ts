import { describe, expect, test } from 'vitest';
import {
  albums,
  catalogue,
  dataAndErrorCodes,
  dataOf,
  errorResponse,
  jsonList,
  modes,
  startInMode,
  tracks,
  unavailableFields,
  withoutErrors,
} from '../support/schema-tests.ts';

describe('a track that Spotify replaces with another track', () => {
  const links = { linkedFrom: 'linkedFrom { id uri externalUrl }' };
  const relinked = {
    id: tracks.spanishReplacement,
    linkedFrom: {
      id: tracks.relinked,
      uri: `spotify:track:${tracks.relinked}`,
      externalUrl: `https://open.spotify.com/track/${tracks.relinked}`,
    },
  };

  test.each(modes)(
    'a relinked track has the id of its replacement, and `linkedFrom` if the app may read it (%s)',
    async (mode) => {
      const { execute } = await startInMode(mode);
      const expected = mode === 'extended' ? relinked : { id: tracks.spanishReplacement, linkedFrom: null };
      const document = `{
      track(id: "${tracks.relinked}", market: "ES") { id ${links.linkedFrom} }
      tracks(ids: ${jsonList([tracks.explicit, tracks.relinked])}, market: "ES") { id ${links.linkedFrom} }
      album(id: "${albums.relinked}", market: "ES") { tracks(first: 1) { nodes { id ${links.linkedFrom} } } }
      home: track(id: "${tracks.relinked}", market: "DE") { id ${links.linkedFrom} }
    }`;
      expect(dataAndErrorCodes(await execute(document))).toEqual(
        withoutErrors({
          track: expected,
          tracks: [{ id: tracks.explicit, linkedFrom: null }, expected],
          album: { tracks: { nodes: [expected] } },
          home: { id: tracks.relinked, linkedFrom: null },
        }),
      );
    },
  );

  test('a withheld `linkedFrom` is null with an entry in `unavailable` for each track, relinked or not, and costs no call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const response = await execute(`{
      track(id: "${tracks.relinked}", market: "ES") { ${links.linkedFrom} }
      album(id: "${albums.relinked}", market: "ES") { tracks(first: 1) { nodes { ${links.linkedFrom} } } }
      home: track(id: "${tracks.relinked}", market: "DE") { ${links.linkedFrom} }
    }`);
    expect(response.errors).toEqual([]);
    const paths = ['track', 'album.tracks.nodes.0', 'home'];
    expect(unavailableFields(response).toSorted()).toEqual(
      paths.map((path) => `Track.linkedFrom at ${path}.linkedFrom: QUOTA_MODE`).toSorted(),
    );
    expect(apiCalls()).toHaveLength(3);
  });

  test('an app that may read `linkedFrom` gets no entry in `unavailable` for a track that is not relinked', async () => {
    const { execute } = await startInMode('extended');
    const response = await execute(`{
      track(id: "${tracks.explicit}", market: "ES") { ${links.linkedFrom} }
      album(id: "${albums.tracks20}") { tracks(first: 3) { nodes { ${links.linkedFrom} } } }
      search(q: "the", type: [TRACK]) { tracks(first: 3) { nodes { ${links.linkedFrom} } } }
    }`);
    expect(response.errors).toEqual([]);
    expect(unavailableFields(response)).toEqual([]);
  });

  test('the fields below `linkedFrom` have the market of the track', async () => {
    const { execute, apiCalls } = await startInMode('extended', { SPOTIFY_MARKET: 'DE' });
    const artists = 'artists { topTracks { id } albums(first: 1) { totalCount } }';
    const linkedFrom = `linkedFrom { ${artists} album { ${artists} } }`;
    const response = await execute(`{ track(id: "${tracks.relinked}", market: "ES") { ${linkedFrom} } }`);
    expect(response.errors).toEqual([]);
    const lists = apiCalls().filter((path) => path.startsWith('/artists/'));
    const markets = lists.map((path) => new URLSearchParams(path.split('?')[1]).get('market'));
    expect(markets).toEqual(['ES', 'ES']);
  });

  test('a replacement that is read by its own id has no `linkedFrom`', async () => {
    const gateway = await startInMode('extended');
    for (const id of [tracks.relinked, tracks.spanishReplacement]) {
      const album = `album(id: "${albums.relinked}", market: "ES") { tracks { totalCount } }`;
      const data = await dataOf<{ track: object }>(
        gateway,
        `{ ${album} track(id: "${id}", market: "ES") { id ${links.linkedFrom} } }`,
      );
      expect(data.track).toEqual(id === tracks.relinked ? relinked : { id, linkedFrom: null });
    }
  });
});

test.each([true, false])(
  'a batch with a relinked track and its replacement gives both tracks, with and without `linked_from` (%s)',
  async (isLinked) => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    const ids = [tracks.relinked, tracks.explicit, tracks.spanishReplacement];
    if (!isLinked) {
      sandbox.faults.add({
        fault: { kind: 'edit', edits: [{ path: 'tracks.0.linked_from', remove: true }] },
      });
    }
    const document = `{ tracks(ids: ${jsonList(ids)}, market: "ES") { id linkedFrom { id } } }`;
    const linkedFrom = isLinked ? { id: tracks.relinked } : null;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({
        tracks: [
          { id: tracks.spanishReplacement, linkedFrom },
          { id: tracks.explicit, linkedFrom: null },
          { id: tracks.spanishReplacement, linkedFrom: null },
        ],
      }),
    );
    expect(apiCalls()).toHaveLength(1);
  },
);

describe('the track in `linkedFrom`', () => {
  const relinked = (selection: string) =>
    `{ track(id: "${tracks.relinked}", market: "ES") { id linkedFrom { ${selection} } } }`;
  const original = catalogue.track(tracks.relinked);

  test('the id, URI and link of `linkedFrom` cost no call', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const response = await execute(relinked('__typename id uri externalUrl'));
    expect(response.errors).toEqual([]);
    expect(apiCalls()).toEqual([`/tracks/${tracks.relinked}?market=ES`]);
    expect(response.extensions.spotify?.plannedCalls).toBe(1);
  });

  test('`linkedFrom` has all fields of a track, for one read by its id without a market', async () => {
    const { execute, apiCalls } = await startInMode('extended', { SPOTIFY_MARKET: 'ES' });
    const selection = `id name trackNumber durationMs popularity externalIds { isrc } linkedFrom { id }
      album { id name } artists { id }`;
    const response = await execute(relinked(selection));
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({
        track: {
          id: tracks.spanishReplacement,
          linkedFrom: {
            id: tracks.relinked,
            name: original?.name,
            trackNumber: original?.number,
            durationMs: original?.durationMs,
            popularity: original?.popularity,
            externalIds: { isrc: original?.isrc },
            linkedFrom: null,
            album: { id: original?.albumId, name: catalogue.album(original?.albumId ?? '')?.name },
            artists: original?.artistIds.map((id) => ({ id })),
          },
        },
      }),
    );
    expect(apiCalls()).toEqual([`/tracks/${tracks.relinked}?market=ES`, `/tracks/${tracks.relinked}`]);
    expect(response.extensions.spotify?.plannedCalls).toBe(2);
  });

  test('fields below `linkedFrom` inherit the market', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const response = await execute(relinked('album { tracks(first: 1) { nodes { id } } }'));
    expect(response.errors).toEqual([]);
    expect(apiCalls().at(-1)).toBe(`/albums/${original?.albumId}?market=ES`);
  });

  test('a `linkedFrom` track that Spotify has deleted is an error of `linkedFrom` alone', async () => {
    const { execute, sandbox } = await startInMode('extended');
    await execute(relinked('id'));
    sandbox.faults.add({ fault: errorResponse(404, 'Resource not found') });
    expect(dataAndErrorCodes(await execute(relinked('id name')))).toEqual({
      data: { track: { id: tracks.spanishReplacement, linkedFrom: null } },
      errors: [['track.linkedFrom.name', 'UPSTREAM_BAD_RESPONSE']],
    });
  });

  const uri = `spotify:track:${tracks.relinked}`;
  const external_urls = { spotify: `https://open.spotify.com/track/${tracks.relinked}` };
  test.each<[string, unknown]>([
    ['its URI', { id: null, uri, type: 'track', external_urls: {} }],
    ['its id alone', { id: tracks.relinked }],
    ['its link', { id: null, uri: null, external_urls }],
    ['its URI, with a malformed id', { id: 7, uri }],
  ])('`linkedFrom` has the id that Spotify sends: %s', async (_, link) => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    sandbox.faults.add({ fault: { kind: 'edit', edits: [{ path: 'linked_from', set: link }] } });
    const response = await execute(relinked('id uri externalUrl'));
    expect(response.errors).toEqual([]);
    const linkedFrom = expect.objectContaining({ id: tracks.relinked, uri });
    expect(response.data).toEqual({ track: { id: tracks.spanishReplacement, linkedFrom } });
    expect(apiCalls()).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['the URI of an album', { id: null, uri: `spotify:album:${tracks.relinked}` }],
  ])(
    '`linkedFrom` is an error of this field alone if Spotify states that the track is relinked, but not from which track: %s',
    async (_, link) => {
      const { execute, sandbox, apiCalls } = await startInMode('development');
      sandbox.faults.add({ fault: { kind: 'edit', edits: [{ path: 'linked_from', set: link }] } });
      expect(dataAndErrorCodes(await execute(relinked('id uri externalUrl')))).toEqual({
        data: { track: { id: tracks.spanishReplacement, linkedFrom: null } },
        errors: [['track.linkedFrom', 'UPSTREAM_BAD_RESPONSE']],
      });
      expect(apiCalls()).toHaveLength(1);
    },
  );
});
