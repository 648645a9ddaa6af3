import { describe, expect, test } from 'vitest';
import type { SandboxCall } from '../../../src/sandbox/index.ts';
import { listPath, slots } from '../../support/album-pages.ts';
import { albums, artists, catalogue, dataOf, jsonList, startInMode } from '../../support/schema-tests.ts';

/** The paths of the batch calls for the ids, `size` ids in each. */
const batches = (path: string, ids: readonly string[], size: number): string[] =>
  Array.from(
    { length: Math.ceil(ids.length / size) },
    (_, i) => `${path}?ids=${ids.slice(i * size, (i + 1) * size).join('%2C')}`,
  );

/** `size` tracks by as many different artists as possible: each track has artists that the others lack. */
function tracksOfManyArtists(size: number): string[] {
  const addedArtists = new Set<string>();
  const trackIds: string[] = [];
  for (const atLeast of [2, 1]) {
    for (const { id, artistIds } of catalogue.tracks()) {
      const added = artistIds.filter((artistId) => !addedArtists.has(artistId));
      if (added.length < atLeast || trackIds.length === size) continue;
      for (const artistId of added) addedArtists.add(artistId);
      trackIds.push(id);
    }
  }
  return trackIds;
}

/** The maximum number of concurrent calls, if each call takes at least `ms`. */
function maxConcurrency(calls: readonly SandboxCall[], ms: number): number {
  const starts = calls.map(({ atMs }) => atMs);
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + ms).length));
}

describe('a field of objects in lists', () => {
  test('the fields of simplified objects in a list cost no call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes {
      name albumType totalTracks releaseDate { date } images { url } artists { name } isPlayable
    } } } }`;
    expect((await execute(document)).errors).toEqual([]);
    expect(apiCalls().toSorted()).toEqual([`/artists/${artists.albums9}`, listPath(artists.albums9, 10)]);
  });

  test('fields that listed albums lack come from full albums, twenty to a call if the app has batch reads', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const ids = slots(0, 45, artists.albums50);
    const document = `{ artist(id: "${artists.albums50}") { albums(first: 45) { nodes {
      id label popularity genres copyrights { type } externalIds { upc }
    } } } }`;
    expect(await dataOf({ execute }, document)).toEqual({
      artist: {
        albums: {
          nodes: ids.map((id) => {
            const { label, popularity, upc } = catalogue.album(id) ?? {};
            const copyrights = [{ type: 'C' }, { type: 'P' }];
            return { id, label, popularity, genres: [], copyrights, externalIds: { upc } };
          }),
        },
      },
    });
    const [first, second, ...full] = apiCalls();
    expect([first, second].toSorted()).toEqual([
      `/artists/${artists.albums50}`,
      listPath(artists.albums50, 50),
    ]);
    expect(full.toSorted()).toEqual(batches('/albums', ids, 20).toSorted());
  });

  test('fields that listed tracks lack come from full tracks, fifty to a call', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const document = `{ album(id: "${albums.tracks130}") { tracks(first: 100) { nodes { popularity } } } }`;
    const inAlbum = catalogue.tracksOf(albums.tracks130).slice(0, 100);
    expect(await dataOf({ execute }, document)).toEqual({
      album: { tracks: { nodes: inAlbum.map(({ popularity }) => ({ popularity })) } },
    });
    const ids = inAlbum.map(({ id }) => id);
    expect(apiCalls().slice(2).toSorted()).toEqual(batches('/tracks', ids, 50).toSorted());
  });

  test('fields that listed artists lack come from full artists, fifty to a call', async () => {
    const trackIds = tracksOfManyArtists(50);
    const gateway = await startInMode('extended');
    interface Data {
      tracks: { artists: { id: string; images: unknown }[] }[];
    }
    const data = await dataOf<Data>(
      gateway,
      `{ tracks(ids: ${jsonList(trackIds)}) { artists { id images { url } } } }`,
    );
    for (const artist of data.tracks.flatMap((track) => track.artists)) {
      const images = catalogue
        .artist(artist.id)
        ?.images.map(({ file }) => ({ url: gateway.sandbox.imagesUrl + file }));
      expect(artist).toEqual({ id: artist.id, images });
    }
    const artistIds = [...new Set(data.tracks.flatMap((track) => track.artists.map(({ id }) => id)))];
    expect(artistIds.length).toBeGreaterThan(50);
    const artistCalls = gateway.apiCalls().filter((path) => path.startsWith('/artists'));
    expect(artistCalls.toSorted()).toEqual(batches('/artists', artistIds, 50).toSorted());
  });

  test('full albums are read one by one if the app has no batch reads, with limited concurrency', async () => {
    const latencyMs = 40;
    const { execute, sandbox, apiCalls } = await startInMode(
      'development',
      { UPSTREAM_CONCURRENCY: '3' },
      { latencyMs },
    );
    const document = `{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes { copyrights { type } } } } }`;
    expect((await execute(document)).errors).toEqual([]);
    const single = slots(0, 9, artists.albums9).map((id) => `/albums/${id}`);
    expect(apiCalls().slice(2).toSorted()).toEqual(single.toSorted());
    const calls = sandbox.calls().filter(({ path }) => path.startsWith('/albums/'));
    expect(maxConcurrency(calls, latencyMs)).toBe(3);
  });

  test('a cached full object is not read again for a field of a listed object', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    const ids = slots(0, 9, artists.albums9);
    await execute(`{ albums(ids: ${jsonList(ids.slice(0, 8))}) { name } }`);
    sandbox.clearCalls();
    await execute(`{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes { label } } } }`);
    // The albums contained the artist.
    expect(apiCalls()).toEqual([listPath(artists.albums9, 50), `/albums/${ids[8]}`]);
  });

  test('the album of all listed tracks of an album costs one call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ album(id: "${albums.tracks55}") { tracks(last: 3) { nodes { album { name label } } } } }`;
    const album = { name: 'Fifty-Five Rooms', label: null };
    expect(await dataOf({ execute }, document)).toEqual({
      album: { tracks: { nodes: [{ album }, { album }, { album }] } },
    });
    expect(apiCalls()).toEqual([
      `/albums/${albums.tracks55}`,
      `/albums/${albums.tracks55}/tracks?limit=50&offset=50`,
    ]);
  });
});
