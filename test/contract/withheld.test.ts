import { describe, expect, test } from 'vitest';
import { listPath, slots } from '../support/album-pages.ts';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  modes,
  startInMode,
  startWithUnknownApp,
  tracks,
  unavailableFields,
  withoutErrors,
} from '../support/schema-tests.ts';

describe('a field that Spotify withholds from the app', () => {
  const withheld = `{
    artist(id: "${artists.bts}") { name followers { total } popularity
      topTracks { name } relatedArtists { name } albums(first: 2) { edges { albumGroup node { label } } } }
    track(id: "${tracks.explicit}") { popularity album { artists { popularity } } }
  }`;
  const nullFields = {
    artist: {
      name: 'BTS',
      followers: null,
      popularity: null,
      topTracks: null,
      relatedArtists: null,
      albums: { edges: Array(2).fill({ albumGroup: null, node: { label: null } }) },
    },
    track: { popularity: null, album: { artists: [{ popularity: null }] } },
  };
  const lines = [
    'Album.label at artist.albums.edges.0.node.label: QUOTA_MODE',
    'Album.label at artist.albums.edges.1.node.label: QUOTA_MODE',
    'Artist.followers at artist.followers: QUOTA_MODE',
    'Artist.popularity at artist.popularity: QUOTA_MODE',
    'Artist.popularity at track.album.artists.0.popularity: QUOTA_MODE',
    'Artist.relatedArtists at artist.relatedArtists: QUOTA_MODE',
    'Artist.topTracks at artist.topTracks: QUOTA_MODE',
    'ArtistAlbumsEdge.albumGroup at artist.albums.edges.0.albumGroup: QUOTA_MODE',
    'ArtistAlbumsEdge.albumGroup at artist.albums.edges.1.albumGroup: QUOTA_MODE',
    'Track.popularity at track.popularity: QUOTA_MODE',
  ];

  test('a withheld field is null without an error, with one entry in `unavailable`, and costs no call that Spotify would reject', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const response = await execute(withheld);
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors(nullFields));
    expect(unavailableFields(response).toSorted()).toEqual(lines);
    expect(apiCalls().toSorted()).toEqual(
      [`/artists/${artists.bts}`, listPath(artists.bts, 10), `/tracks/${tracks.explicit}`].toSorted(),
    );
  });

  test('the gateway learns of a withheld field by one call for all objects of a kind, and never requests it again', async () => {
    const { execute, apiCalls, sandbox } = await startWithUnknownApp('development');
    const first = await execute(withheld);
    expect(dataAndErrorCodes(first)).toEqual(withoutErrors(nullFields));
    expect(unavailableFields(first).toSorted()).toEqual(lines);
    const firstCalls = apiCalls();
    expect(firstCalls.filter((path) => path.startsWith('/albums'))).toHaveLength(1);
    expect(firstCalls.filter((path) => path.includes('/top-tracks'))).toHaveLength(1);
    expect(firstCalls.filter((path) => path.includes('/related-artists'))).toHaveLength(1);

    sandbox.clearCalls();
    const other = withheld
      .replaceAll(artists.bts, artists.albums9)
      .replace(tracks.explicit, tracks.restricted);
    const second = await execute(other);
    expect(second.data).toEqual({ ...nullFields, artist: { ...nullFields.artist, name: 'Nine Lives Left' } });
    expect(unavailableFields(second).toSorted()).toEqual(lines);
    expect(apiCalls().toSorted()).toEqual(
      [
        `/artists/${artists.albums9}`,
        listPath(artists.albums9, 10),
        `/tracks/${tracks.restricted}`,
      ].toSorted(),
    );
  });

  test('the withheld album group has a value if only one group is requested', async () => {
    const { execute } = await startInMode('development');
    const response = await execute(`{ artist(id: "${artists.albums9}") {
      albums(first: 1, includeGroups: [APPEARS_ON]) { edges { albumGroup } }
    } }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ artist: { albums: { edges: [{ albumGroup: 'APPEARS_ON' }] } } }),
    );
    expect(unavailableFields(response)).toEqual([]);
  });
});

describe('fields that only some apps may read', () => {
  test('top tracks and related artists have values for an app that may read them', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const document = `{ artist(id: "${artists.bts}") {
      topTracks { id popularity } relatedArtists { id popularity followers { total } }
    } }`;
    const topTracks = catalogue.topTracksOf(artists.bts).map(({ id, popularity }) => ({ id, popularity }));
    const relatedArtists = catalogue
      .relatedTo(artists.bts)
      .map(({ id, popularity, followers: total }) => ({ id, popularity, followers: { total } }));
    const response = await execute(document);
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ artist: { topTracks, relatedArtists } }));
    expect(unavailableFields(response)).toEqual([]);
    expect(apiCalls().toSorted()).toEqual(
      [
        `/artists/${artists.bts}`,
        `/artists/${artists.bts}/related-artists`,
        `/artists/${artists.bts}/top-tracks?market=US`,
      ].toSorted(),
    );
  });

  test.each(modes)(
    'an artist that does not exist is null without an error, with fields that only some apps may read (%s)',
    async (mode) => {
      const { execute } = await startInMode(mode);
      const document = `{ artist(id: "${'0'.repeat(22)}") { topTracks { id } relatedArtists { id } } }`;
      expect(dataAndErrorCodes(await execute(document))).toEqual(withoutErrors({ artist: null }));
    },
  );

  test('the gateway learns available and withheld fields again as soon as a response contradicts the learned mode', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const label = (id: string) => `{ album(id: "${id}") { label popularity } }`;
    expect(dataAndErrorCodes(await execute(label(albums.tracks1)))).toEqual(
      withoutErrors({ album: { label: null, popularity: null } }),
    );

    sandbox.setQuotaMode('extended');
    const { label: name, popularity } = catalogue.album(albums.tracks20) ?? {};
    expect(dataAndErrorCodes(await execute(label(albums.tracks20)))).toEqual(
      withoutErrors({ album: { label: name, popularity } }),
    );
    const simplified = `{ artist(id: "${artists.albums1}") { albums(first: 1) { nodes { label } } } }`;
    const [album = ''] = slots(0, 1, artists.albums1);
    expect(dataAndErrorCodes(await execute(simplified))).toEqual(
      withoutErrors({ artist: { albums: { nodes: [{ label: catalogue.album(album)?.label }] } } }),
    );
    expect(apiCalls()).toContain(`/albums/${album}`);

    sandbox.setQuotaMode('development');
    const response = await execute(label(albums.tracks50));
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ album: { label: null, popularity: null } }));
    expect(unavailableFields(response)).toHaveLength(2);
  });
});

test.each([
  [
    'artist',
    artists.bts,
    ['followers', 'genres', 'popularity'],
    `{ track(id: "${tracks.explicit}") { artists { popularity } } }`,
    'track.artists.0.popularity',
  ],
  [
    'album',
    albums.tracks1,
    ['label', 'popularity'],
    `{ artist(id: "${artists.albums1}") { albums(first: 1) { nodes { label } } } }`,
    'artist.albums.nodes.0.label',
  ],
])(
  'the fields of a simplified %s stay available in extended mode if the first full object lacks all of these fields',
  async (kind, id, missing, document, path) => {
    const { execute, sandbox } = await startInMode('extended');
    const edits = missing.map((field) => ({ path: field, remove: true as const }));
    sandbox.faults.add({ on: { path: `/${kind}s/${id}` }, fault: { kind: 'edit', edits } });
    expect((await execute(`{ ${kind}(id: "${id}") { popularity } }`)).errors).toEqual([]);
    const { data } = await execute(document);
    const value = path
      .split('.')
      .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], data);
    expect(value).not.toBeNull();
  },
);
