import { describe, expect, test } from 'vitest';
import {
  albums,
  artists,
  catalogue,
  fine,
  inMode,
  modes,
  seen,
  tracks,
  unavailable,
  unknownApp,
} from '../support/asking.ts';

const albumsOf = (id: string, first: number): string[] =>
  catalogue
    .albumsOf(id)
    .slice(0, first)
    .map((slot) => (slot.shows === 'album' ? slot.albumId : ''));

const listPath = (id: string, limit: number, offset = 0) =>
  `/artists/${id}/albums?limit=${limit}&offset=${offset}`;

describe('a field that Spotify withholds from the app', () => {
  const withheld = `{
    artist(id: "${artists.bts}") { name followers { total } popularity
      topTracks { name } relatedArtists { name } albums(first: 2) { edges { albumGroup node { label } } } }
    track(id: "${tracks.explicit}") { popularity album { artists { popularity } } }
  }`;
  const nothing = {
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

  test('is null without an error, with one line that says why, and costs no call that is known to be in vain', async () => {
    const { ask, apiCalls } = await inMode('development');
    const answer = await ask(withheld);
    expect(seen(answer)).toEqual(fine(nothing));
    expect(unavailable(answer).toSorted()).toEqual(lines);
    expect(apiCalls().toSorted()).toEqual(
      [`/artists/${artists.bts}`, listPath(artists.bts, 10), `/tracks/${tracks.explicit}`].toSorted(),
    );
  });

  test('is found out by one call for all the objects of a kind, and never asked for again', async () => {
    const { ask, apiCalls, sandbox } = await unknownApp('development');
    const first = await ask(withheld);
    expect(seen(first)).toEqual(fine(nothing));
    expect(unavailable(first).toSorted()).toEqual(lines);
    const found = apiCalls();
    expect(found.filter((path) => path.startsWith('/albums'))).toHaveLength(1);
    expect(found.filter((path) => path.includes('/top-tracks'))).toHaveLength(1);
    expect(found.filter((path) => path.includes('/related-artists'))).toHaveLength(1);

    sandbox.clearCalls();
    const other = withheld
      .replaceAll(artists.bts, artists.albums9)
      .replace(tracks.explicit, tracks.restricted);
    const second = await ask(other);
    expect(second.data).toEqual({ ...nothing, artist: { ...nothing.artist, name: 'Nine Lives Left' } });
    expect(unavailable(second).toSorted()).toEqual(lines);
    expect(apiCalls().toSorted()).toEqual(
      [
        `/artists/${artists.albums9}`,
        listPath(artists.albums9, 10),
        `/tracks/${tracks.restricted}`,
      ].toSorted(),
    );
  });

  test('is told of an album group all the same where only one group is asked for', async () => {
    const { ask } = await inMode('development');
    const answer = await ask(`{ artist(id: "${artists.albums9}") {
      albums(first: 1, includeGroups: [APPEARS_ON]) { edges { albumGroup } }
    } }`);
    expect(seen(answer)).toEqual(fine({ artist: { albums: { edges: [{ albumGroup: 'APPEARS_ON' }] } } }));
    expect(unavailable(answer)).toEqual([]);
  });
});

describe('what only some apps may read', () => {
  test('is there for those that may: top tracks, and related artists', async () => {
    const { ask, apiCalls } = await inMode('extended');
    const document = `{ artist(id: "${artists.bts}") {
      topTracks { id popularity } relatedArtists { id popularity followers { total } }
    } }`;
    const topTracks = catalogue.topTracksOf(artists.bts).map(({ id, popularity }) => ({ id, popularity }));
    const relatedArtists = catalogue
      .relatedTo(artists.bts)
      .map(({ id, popularity, followers: total }) => ({ id, popularity, followers: { total } }));
    const answer = await ask(document);
    expect(seen(answer)).toEqual(fine({ artist: { topTracks, relatedArtists } }));
    expect(unavailable(answer)).toEqual([]);
    expect(apiCalls().toSorted()).toEqual(
      [
        `/artists/${artists.bts}`,
        `/artists/${artists.bts}/related-artists`,
        `/artists/${artists.bts}/top-tracks?market=US`,
      ].toSorted(),
    );
  });

  test.each(modes)('is null without an error for an artist that does not exist (%s)', async (mode) => {
    const { ask } = await inMode(mode);
    const document = `{ artist(id: "${'0'.repeat(22)}") { topTracks { id } relatedArtists { id } } }`;
    expect(seen(await ask(document))).toEqual(fine({ artist: null }));
  });

  test('is learned anew as soon as an answer contradicts what was known, to the better or the worse', async () => {
    const { ask, sandbox, apiCalls } = await inMode('development');
    const label = (id: string) => `{ album(id: "${id}") { label popularity } }`;
    expect(seen(await ask(label(albums.tracks1)))).toEqual(
      fine({ album: { label: null, popularity: null } }),
    );

    sandbox.setQuotaMode('extended');
    const { label: name, popularity } = catalogue.album(albums.tracks20) ?? {};
    expect(seen(await ask(label(albums.tracks20)))).toEqual(fine({ album: { label: name, popularity } }));
    const short = `{ artist(id: "${artists.albums1}") { albums(first: 1) { nodes { label } } } }`;
    const [album = ''] = albumsOf(artists.albums1, 1);
    expect(seen(await ask(short))).toEqual(
      fine({ artist: { albums: { nodes: [{ label: catalogue.album(album)?.label }] } } }),
    );
    expect(apiCalls()).toContain(`/albums/${album}`);

    sandbox.setQuotaMode('development');
    const answer = await ask(label(albums.tracks50));
    expect(seen(answer)).toEqual(fine({ album: { label: null, popularity: null } }));
    expect(unavailable(answer)).toHaveLength(2);
  });
});

describe('an app in extended quota mode', () => {
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
    'keeps the fields of a simplified %s when the first full object that it reads lacks all of them',
    async (kind, id, missing, document, path) => {
      const { ask, sandbox } = await inMode('extended');
      const edits = missing.map((field) => ({ path: field, remove: true as const }));
      sandbox.faults.add({ on: { path: `/${kind}s/${id}` }, fault: { kind: 'edit', edits } });
      expect((await ask(`{ ${kind}(id: "${id}") { popularity } }`)).errors).toEqual([]);
      const { data } = await ask(document);
      const value = path
        .split('.')
        .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], data);
      expect(value).not.toBeNull();
    },
  );
});
