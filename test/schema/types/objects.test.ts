import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import {
  albums,
  artists,
  catalogue,
  dataOf,
  jsonList,
  modes,
  startInMode,
  tracks,
  unavailableFields,
  unknownId,
} from '../../support/schema-tests.ts';
import { albumFields, artistFields, expectedObjects, imagesAt, trackFields } from '../../support/truth.ts';

const fieldsOf = { artist: artistFields, album: albumFields, track: trackFields };
const kinds = ['artist', 'album', 'track'] as const;
type Kind = (typeof kinds)[number];

/** Objects of each kind that cover all variants in the catalogue. */
const samples: Record<Kind, readonly string[]> = {
  artist: [
    ...Object.values(artists),
    ...catalogue
      .artists()
      .slice(-6)
      .map(({ id }) => id),
  ],
  album: [
    ...Object.values(albums),
    ...catalogue
      .albums()
      .slice(0, 12)
      .map(({ id }) => id),
  ],
  track: [...Object.values(tracks), ...catalogue.tracksOf(albums.various).map(({ id }) => id)],
};

function truth(kind: Kind, id: string, mode: (typeof modes)[number], { imagesUrl }: Sandbox): object {
  const truths = expectedObjects(catalogue, mode, imagesUrl);
  const [artist, album, track] = [catalogue.artist(id), catalogue.album(id), catalogue.track(id)];
  if (kind === 'artist' && artist) return truths.artist(artist);
  if (kind === 'album' && album) return truths.album(album);
  if (kind === 'track' && track) return truths.track(track);
  throw new Error(`the catalogue has no ${kind} ${id}`);
}

describe.each(modes)('for an app in %s mode', (mode) => {
  test.each(kinds)('one %s has every field of the catalogue, for one call', async (kind) => {
    for (const id of samples[kind].slice(0, 3)) {
      const { execute, apiCalls, sandbox } = await startInMode(mode);
      expect(await dataOf({ execute }, `{ ${kind}(id: "${id}") { ${fieldsOf[kind]} } }`)).toEqual({
        [kind]: truth(kind, id, mode, sandbox),
      });
      expect(apiCalls()).toEqual([`/${kind}s/${id}`]);
    }
  });

  test.each(kinds)(
    'many %ss are in the order of their ids, with repetitions, and unknown ids are null',
    async (kind) => {
      const { execute, apiCalls, sandbox } = await startInMode(mode);
      const existingIds = samples[kind].slice(0, 18);
      const ids = [...existingIds, unknownId, ...existingIds.slice(2, 5).toReversed()];
      const expected = ids.map((id) => (id === unknownId ? null : truth(kind, id, mode, sandbox)));
      expect(await dataOf({ execute }, `{ ${kind}s(ids: ${jsonList(ids)}) { ${fieldsOf[kind]} } }`)).toEqual({
        [`${kind}s`]: expected,
      });
      const distinctIds = [...existingIds, unknownId];
      // Concurrent calls arrive in any order.
      expect(apiCalls().toSorted()).toEqual(
        mode === 'extended'
          ? [`/${kind}s?ids=${distinctIds.join('%2C')}`]
          : distinctIds.map((id) => `/${kind}s/${id}`).toSorted(),
      );
    },
  );

  test.each(kinds)(
    'one %s that does not exist is null without an error, and is not requested again',
    async (kind) => {
      const { execute, apiCalls } = await startInMode(mode);
      for (let time = 0; time < 2; time++) {
        expect(
          await dataOf({ execute }, `{ ${kind}(id: "${unknownId}") { id } ${kind}s(ids: []) { id } }`),
        ).toEqual({ [kind]: null, [`${kind}s`]: [] });
      }
      expect(apiCalls()).toEqual([`/${kind}s/${unknownId}`]);
    },
  );

  test.each(kinds)('a hundred %ss cost as few calls as the app allows', async (kind) => {
    const all = { artist: catalogue.artists(), album: catalogue.albums(), track: catalogue.tracks() };
    const ids = Array.from({ length: 100 }, (_, i) => all[kind][i % all[kind].length]?.id ?? '');
    const { execute, apiCalls } = await startInMode(mode);
    expect(await dataOf({ execute }, `{ ${kind}s(ids: ${jsonList(ids)}) { id } }`)).toEqual({
      [`${kind}s`]: ids.map((id) => ({ id })),
    });
    const distinct = new Set(ids).size;
    const perCall = mode === 'development' ? 1 : kind === 'album' ? 20 : 50;
    expect(apiCalls()).toHaveLength(Math.ceil(distinct / perCall));
    expect(apiCalls().every((path) => path.includes('ids=') === (mode === 'extended'))).toBe(true);
  });
});

describe('values that Spotify omits or that the schema does not know', () => {
  test('omitted and unknown values are empty, null or OTHER, and never an error', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const document = `{
      noImages: album(id: "${albums.noImages}") { images { url } }
      unsized: album(id: "${albums.unsizedImages}") { images { url width height } }
      nameless: album(id: "${albums.nameless}") { name totalTracks }
      unknownType: album(id: "${albums.unknownType}") { albumType }
      unknownReason: track(id: "${tracks.unknownRestriction}") { restrictions { reason } }
      product: album(id: "${albums.restricted}") { restrictions { reason } isPlayable }
    }`;
    expect(await dataOf({ execute }, document)).toEqual({
      noImages: { images: [] },
      unsized: {
        images: imagesAt(sandbox.imagesUrl, catalogue.album(albums.unsizedImages)?.images ?? []),
      },
      nameless: { name: '', totalTracks: 3 },
      unknownType: { albumType: 'OTHER' },
      unknownReason: { restrictions: { reason: 'OTHER' } },
      product: { restrictions: { reason: 'PRODUCT' }, isPlayable: null },
    });
  });

  test('a release date has the precision that Spotify sends', async () => {
    const { execute } = await startInMode('development');
    const ids = [albums.tracks1, albums.monthOnly, albums.yearOnly, albums.junkDate];
    expect(
      await dataOf({ execute }, `{ albums(ids: ${jsonList(ids)}) { releaseDate { date precision } } }`),
    ).toEqual({
      albums: [
        { releaseDate: { date: '2019-05-17', precision: 'DAY' } },
        { releaseDate: { date: '1991-03', precision: 'MONTH' } },
        { releaseDate: { date: '1987', precision: 'YEAR' } },
        { releaseDate: { date: '0000', precision: 'YEAR' } },
      ],
    });
  });

  test('a missing field is listed in `unavailable` only if Spotify withholds it from the app', async () => {
    const document = `{ album(id: "${albums.tracks1}") { label popularity genres } artist(id: "${artists.bts}") { genres } }`;
    const extended = await startInMode('extended');
    expect(unavailableFields(await extended.execute(document))).toEqual([]);
    const development = await startInMode('development');
    expect(unavailableFields(await development.execute(document)).toSorted()).toEqual([
      'Album.label at album.label: QUOTA_MODE',
      'Album.popularity at album.popularity: QUOTA_MODE',
      'Artist.genres at artist.genres: QUOTA_MODE',
    ]);
  });
});

describe('tracks of an album', () => {
  test('a walk reaches the last track of an album, and reads each page once', async () => {
    const gateway = await startInMode('development');
    interface Data {
      album: { tracks: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
    }
    const walked: string[] = [];
    let after = '';
    for (let more = true; more; ) {
      const { album } = await dataOf<Data>(
        gateway,
        `{ album(id: "${albums.tracks130}") { tracks(first: 50${after}) { nodes { id } pageInfo { hasNextPage endCursor } } } }`,
      );
      walked.push(...album.tracks.nodes.map(({ id }) => id));
      more = album.tracks.pageInfo.hasNextPage;
      after = `, after: "${album.tracks.pageInfo.endCursor}"`;
    }
    expect(walked).toEqual(catalogue.tracksOf(albums.tracks130).map(({ id }) => id));
    expect(gateway.apiCalls()).toEqual([
      `/albums/${albums.tracks130}`,
      `/albums/${albums.tracks130}/tracks?limit=50&offset=50`,
      `/albums/${albums.tracks130}/tracks?limit=50&offset=100`,
    ]);
  });

  test.each(modes)(
    'the tracks of an album are complete and in order over several discs, and the first fifty cost no further call (%s)',
    async (mode) => {
      for (const id of [albums.severalDiscs, albums.tracks50, albums.tracks51, albums.tracks130]) {
        const gateway = await startInMode(mode);
        interface Data {
          album: { tracks: { totalCount: number; nodes: object[] } };
        }
        const { album } = await dataOf<Data>(
          gateway,
          `{ album(id: "${id}") { tracks(first: 100) { totalCount nodes { id discNumber trackNumber } } } }`,
        );
        const all = catalogue
          .tracksOf(id)
          .map(({ id, disc, number }) => ({ id, discNumber: disc, trackNumber: number }));
        expect(album.tracks).toEqual({ totalCount: all.length, nodes: all.slice(0, 100) });
        expect(gateway.apiCalls()).toEqual([
          `/albums/${id}`,
          ...(all.length > 50 ? [`/albums/${id}/tracks?limit=50&offset=50`] : []),
        ]);
      }
    },
  );
});
