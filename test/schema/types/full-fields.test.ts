import { describe, expect, test } from 'vitest';
import type { SandboxCall } from '../../../src/sandbox/index.ts';
import { albums, artists, catalogue, dataOf, fine, inMode, quoted, seen } from '../../support/asking.ts';

const albumsOf = (id: string, first: number): string[] =>
  catalogue
    .albumsOf(id)
    .slice(0, first)
    .map((slot) => (slot.shows === 'album' ? slot.albumId : ''));

const listPath = (id: string, limit: number, offset = 0) =>
  `/artists/${id}/albums?limit=${limit}&offset=${offset}`;

/** Lists of `size` ids as batches ask for them. */
const batches = (path: string, ids: readonly string[], size: number): string[] =>
  Array.from(
    { length: Math.ceil(ids.length / size) },
    (_, i) => `${path}?ids=${ids.slice(i * size, (i + 1) * size).join('%2C')}`,
  );

/** So many tracks, by as many artists as so many tracks can be: each brings artists that the others lack. */
function tracksOfManyArtists(size: number): string[] {
  const heard = new Set<string>();
  const picked: string[] = [];
  for (const atLeast of [2, 1]) {
    for (const { id, artistIds } of catalogue.tracks()) {
      const added = artistIds.filter((artistId) => !heard.has(artistId));
      if (added.length < atLeast || picked.length === size) continue;
      for (const artistId of added) heard.add(artistId);
      picked.push(id);
    }
  }
  return picked;
}

/** How many calls at most were under way at a time, where each takes `ms` at least. */
function mostAtATime(calls: readonly SandboxCall[], ms: number): number {
  const starts = calls.map(({ atMs }) => atMs);
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + ms).length));
}

describe('a field that lists give in short form', () => {
  test('costs nothing as long as nobody selects what the short form lacks', async () => {
    const { ask, apiCalls } = await inMode('development');
    const document = `{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes {
      name albumType totalTracks releaseDate { date } images { url } artists { name } isPlayable
    } } } }`;
    expect((await ask(document)).errors).toEqual([]);
    expect(apiCalls().toSorted()).toEqual([`/artists/${artists.albums9}`, listPath(artists.albums9, 10)]);
  });

  test('is filled from the full album, many albums to a call where the app may', async () => {
    const { ask, apiCalls } = await inMode('extended');
    const ids = albumsOf(artists.albums50, 45);
    const document = `{ artist(id: "${artists.albums50}") { albums(first: 45) { nodes {
      id label popularity genres copyrights { type } externalIds { upc }
    } } } }`;
    expect(seen(await ask(document))).toEqual(
      fine({
        artist: {
          albums: {
            nodes: ids.map((id) => {
              const { label, popularity, upc } = catalogue.album(id) ?? {};
              const copyrights = [{ type: 'C' }, { type: 'P' }];
              return { id, label, popularity, genres: [], copyrights, externalIds: { upc } };
            }),
          },
        },
      }),
    );
    const [first, second, ...full] = apiCalls();
    expect([first, second].toSorted()).toEqual([
      `/artists/${artists.albums50}`,
      listPath(artists.albums50, 50),
    ]);
    expect(full.toSorted()).toEqual(batches('/albums', ids, 20).toSorted());
  });

  test('is filled from full tracks, fifty to a call', async () => {
    const { ask, apiCalls } = await inMode('extended');
    const document = `{ album(id: "${albums.tracks130}") { tracks(first: 100) { nodes { popularity } } } }`;
    const inAlbum = catalogue.tracksOf(albums.tracks130).slice(0, 100);
    expect(seen(await ask(document))).toEqual(
      fine({ album: { tracks: { nodes: inAlbum.map(({ popularity }) => ({ popularity })) } } }),
    );
    const ids = inAlbum.map(({ id }) => id);
    expect(apiCalls().slice(2).toSorted()).toEqual(batches('/tracks', ids, 50).toSorted());
  });

  test('is filled from full artists, fifty to a call', async () => {
    const works = tracksOfManyArtists(50);
    const gateway = await inMode('extended');
    interface Data {
      tracks: { artists: { id: string; images: unknown }[] }[];
    }
    const data = await dataOf<Data>(
      gateway,
      `{ tracks(ids: ${quoted(works)}) { artists { id images { url } } } }`,
    );
    for (const artist of data.tracks.flatMap((track) => track.artists)) {
      const images = catalogue
        .artist(artist.id)
        ?.images.map(({ file }) => ({ url: gateway.sandbox.imagesUrl + file }));
      expect(artist).toEqual({ id: artist.id, images });
    }
    const asked = [...new Set(data.tracks.flatMap((track) => track.artists.map(({ id }) => id)))];
    expect(asked.length).toBeGreaterThan(50);
    const artistCalls = gateway.apiCalls().filter((path) => path.startsWith('/artists'));
    expect(artistCalls.toSorted()).toEqual(batches('/artists', asked, 50).toSorted());
  });

  test('is read one by one where the app has no batches, only so many at a time', async () => {
    const latencyMs = 40;
    const { ask, sandbox, apiCalls } = await inMode(
      'development',
      { UPSTREAM_CONCURRENCY: '3' },
      { latencyMs },
    );
    const document = `{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes { copyrights { type } } } } }`;
    expect((await ask(document)).errors).toEqual([]);
    const single = albumsOf(artists.albums9, 9).map((id) => `/albums/${id}`);
    expect(apiCalls().slice(2).toSorted()).toEqual(single.toSorted());
    const calls = sandbox.calls().filter(({ path }) => path.startsWith('/albums/'));
    expect(mostAtATime(calls, latencyMs)).toBe(3);
  });

  test('is not read again when the full object is held, whichever way it came', async () => {
    const { ask, apiCalls, sandbox } = await inMode('extended');
    const ids = albumsOf(artists.albums9, 9);
    await ask(`{ albums(ids: ${quoted(ids.slice(0, 8))}) { name } }`);
    sandbox.clearCalls();
    await ask(`{ artist(id: "${artists.albums9}") { albums(first: 9) { nodes { label } } } }`);
    // The artist came along with the albums.
    expect(apiCalls()).toEqual([listPath(artists.albums9, 50), `/albums/${ids[8]}`]);
  });

  test('of a track on an album is its album, one call for all of them', async () => {
    const { ask, apiCalls } = await inMode('development');
    const document = `{ album(id: "${albums.tracks55}") { tracks(last: 3) { nodes { album { name label } } } } }`;
    const album = { name: 'Fifty-Five Rooms', label: null };
    expect(seen(await ask(document))).toEqual(
      fine({ album: { tracks: { nodes: [{ album }, { album }, { album }] } } }),
    );
    expect(apiCalls()).toEqual([
      `/albums/${albums.tracks55}`,
      `/albums/${albums.tracks55}/tracks?limit=50&offset=50`,
    ]);
  });
});
