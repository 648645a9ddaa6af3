import { describe, expect, test } from 'vitest';
import type { Edit, Fault } from '../../src/sandbox/index.ts';
import {
  albums,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
  edit,
  startInMode,
  tracks,
  withFault,
  withoutErrors,
} from '../support/schema-tests.ts';

/** Responses of status 200 that differ from the documentation of Spotify. */

describe('missing and unknown values', () => {
  test('missing and unknown values are null, OTHER or ignored, and never an error', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const missingKeys = [
      'images',
      'genres',
      'label',
      'popularity',
      'copyrights',
      'external_ids',
      'release_date',
      'total_tracks',
      'artists',
      'external_urls',
      'tracks',
    ];
    sandbox.faults.add({
      on: { route: 'albums' },
      fault: edit(
        ...missingKeys.map((path): Edit => ({ path, remove: true })),
        { path: 'album_type', set: 'ep' },
        { path: 'new_key', set: {} },
      ),
    });
    sandbox.faults.add({
      on: { route: 'tracks' },
      fault: edit(
        ...['explicit', 'is_local', 'preview_url', 'album', 'popularity', 'external_ids'].map(
          (path): Edit => ({ path, remove: true }),
        ),
        { path: 'restrictions', set: { reason: 'payment_required' } },
        { path: 'is_playable', set: null },
      ),
    });
    sandbox.faults.add({
      on: { route: 'artists' },
      fault: edit(
        { path: 'followers', set: { total: null } },
        { path: 'popularity', set: null },
        { path: 'genres', set: ['pop', null] },
      ),
    });
    const document = `{
      album(id: "${albums.tracks1}") { name albumType images { url } genres label popularity copyrights { text }
        externalIds { upc } releaseDate { date } totalTracks artists { name } externalUrl }
      track(id: "${tracks.restricted}") { explicit isLocal previewUrl album { name } popularity externalIds { isrc }
        restrictions { reason } isPlayable }
      artist(id: "${artists.bts}") { followers { total } popularity genres }
    }`;
    const nullFields = {
      images: null,
      genres: null,
      label: null,
      popularity: null,
      copyrights: null,
      externalIds: null,
    };
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({
        album: {
          name: 'Single Lantern',
          albumType: 'OTHER',
          ...nullFields,
          releaseDate: null,
          totalTracks: null,
          artists: null,
          externalUrl: null,
        },
        track: {
          ...{
            explicit: null,
            isLocal: null,
            previewUrl: null,
            album: null,
            popularity: null,
            externalIds: null,
          },
          ...{ restrictions: { reason: 'OTHER' }, isPlayable: null },
        },
        artist: { followers: null, popularity: null, genres: ['pop', null] },
      }),
    );
  });

  test('an enum value that is unknown or no text is OTHER, a missing value is null, and capitals are accepted', async () => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({
      on: { route: 'albums' },
      fault: edit(
        { path: 'album_type', set: 'SINGLE' },
        { path: 'release_date_precision', set: 'decade' },
        { path: 'copyrights', set: [{ text: 'a', type: 'X' }, { text: 'b' }, { text: 'c', type: 'P' }] },
      ),
    });
    sandbox.faults.add({
      on: { route: 'artists/albums' },
      fault: edit({ path: 'items.0.album_group', set: 'remix' }, { path: 'items.1.album_group', set: 7 }),
    });
    const document = `{ album(id: "${albums.tracks1}") { albumType releaseDate { date precision } copyrights { text type } }
      artist(id: "${artists.albums9}") { albums(first: 2) { edges { albumGroup } } } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({
        album: {
          albumType: 'SINGLE',
          releaseDate: { date: '2019-05-17', precision: 'OTHER' },
          copyrights: [
            { text: 'a', type: 'OTHER' },
            { text: 'b', type: null },
            { text: 'c', type: 'P' },
          ],
        },
        artist: { albums: { edges: [{ albumGroup: 'OTHER' }, { albumGroup: 'OTHER' }] } },
      }),
    );
  });

  test('an old album without `total_tracks` has the number of its tracks', async () => {
    const { execute } = await withFault(edit({ path: 'total_tracks', remove: true }));
    expect(dataAndErrorCodes(await execute(`{ album(id: "${albums.tracks55}") { totalTracks } }`))).toEqual(
      withoutErrors({ album: { totalTracks: 55 } }),
    );
  });

  test.each([
    ['year', '2020'],
    ['month', '2020-05'],
    ['day', '2020-05-06'],
  ])('a release date is as short as its precision states: %s', async (precision, date) => {
    const { execute } = await withFault(
      edit(
        { path: 'release_date', set: '2020-05-06T00:00:00Z' },
        { path: 'release_date_precision', set: precision },
      ),
    );
    expect(
      dataAndErrorCodes(
        await execute(`{ album(id: "${albums.tracks55}") { releaseDate { date precision } } }`),
      ),
    ).toEqual(withoutErrors({ album: { releaseDate: { date, precision: precision.toUpperCase() } } }));
  });

  test.each([
    ['2020', 'day', 'YEAR'],
    ['2020', 'month', 'YEAR'],
    ['2020-05', 'day', 'MONTH'],
  ])(
    'the precision of the release date %s is that of its form, although Spotify states "%s"',
    async (date, stated, precision) => {
      const { execute } = await withFault(
        edit({ path: 'release_date', set: date }, { path: 'release_date_precision', set: stated }),
      );
      expect(
        dataAndErrorCodes(
          await execute(`{ album(id: "${albums.tracks55}") { releaseDate { date precision } } }`),
        ),
      ).toEqual(withoutErrors({ album: { releaseDate: { date, precision } } }));
    },
  );
});

describe('values that could harm clients or the gateway', () => {
  test('an address that is no web address is null, with an error unless Spotify sends null', async () => {
    for (const url of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'data:text/html,x',
      '//evil.example',
      '',
      ' https://x',
      7,
      null,
    ]) {
      const { execute } = await withFault(
        edit(
          { path: 'images', set: [{ url, width: 1, height: 1 }, { url: 'https://i.scdn.co/x' }] },
          { path: 'external_urls', set: { spotify: url } },
          { path: 'href', set: url },
        ),
      );
      const code = 'UPSTREAM_BAD_RESPONSE';
      expect(
        dataAndErrorCodes(
          await execute(`{ artist(id: "${artists.bts}") { externalUrl images { url width height } } }`),
        ),
      ).toEqual({
        data: {
          artist: {
            externalUrl: null,
            images: [
              { url: null, width: 1, height: 1 },
              { url: 'https://i.scdn.co/x', width: null, height: null },
            ],
          },
        },
        errors:
          url === null
            ? []
            : [
                ['artist.externalUrl', code],
                ['artist.images.0.url', code],
              ],
      });
    }
  });

  test('a key that would change the prototype of all objects is ignored', async () => {
    const { execute } = await withFault(
      edit(
        { path: '__proto__', set: { polluted: true, name: 'x' } },
        { path: 'constructor', set: { prototype: { polluted: true } } },
      ),
    );
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('a next page at another host is ignored, and the gateway requests only paths of the API', async () => {
    const { execute, sandbox } = await startInMode('development');
    const elsewhere = 'https://evil.example/v1/artists';
    sandbox.faults.add({
      on: { route: 'artists/albums' },
      fault: edit({ path: 'next', set: elsewhere }, { path: 'href', set: elsewhere }),
    });
    const { errors } = await execute(
      `{ artist(id: "${artists.albums11}") { albums(first: 100) { nodes { id } } } }`,
    );
    expect(errors).toEqual([]);
    expect(
      sandbox
        .calls()
        .filter(({ route }) => route === 'artists/albums')
        .map(({ path }) => path),
    ).toEqual([
      `/artists/${artists.albums11}/albums?limit=10&offset=0`,
      `/artists/${artists.albums11}/albums?limit=10&offset=10`,
      // Every page has `next`, so two empty pages end the list.
      `/artists/${artists.albums11}/albums?limit=10&offset=20`,
      `/artists/${artists.albums11}/albums?limit=10&offset=30`,
    ]);
  });
});

describe('a batch that does not match its ids', () => {
  const ids = [albums.tracks1, albums.tracks20, albums.tracks50, albums.tracks51];
  const names = ['Single Lantern', 'Twenty Rooms', 'Fifty Rooms', 'Fifty Rooms and a Cellar'];
  const all = names.map((name) => ({ name }));

  test.each<[string, Omit<Fault & { kind: 'batch' }, 'kind'>, number[]]>([
    ['reversed order', { reverse: true }, [0, 1, 2, 3]],
    ['a repeated album', { repeats: [1] }, [1]],
  ])('a batch with %s returns no album in the slot of another album', async (_, fault, wrong) => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({ fault: { kind: 'batch', ...fault } });
    expect(dataAndErrorCodes(await execute(`{ albums(ids: ${JSON.stringify(ids)}) { name } }`))).toEqual({
      data: { albums: all.map((album, i) => (wrong.includes(i) ? null : album)) },
      errors: wrong.map((i) => [`albums.${i}`, 'UPSTREAM_BAD_RESPONSE']),
    });
    expect(apiCalls()).toHaveLength(1);
  });

  test('a batch with nulls has null in their slots', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({ fault: { kind: 'batch', nulls: [0, 2] } });
    expect(dataAndErrorCodes(await execute(`{ albums(ids: ${JSON.stringify(ids)}) { name } }`))).toEqual(
      withoutErrors({ albums: [null, all[1], null, all[3]] }),
    );
    expect(apiCalls()).toHaveLength(1);
  });

  test.each(['artist', 'album', 'track'] as const)(
    'a batch of another length than the ids is not used: each %s is read by its id, and the next read is a batch again',
    async (kind) => {
      const allIds = { artist: Object.values(artists), album: ids, track: Object.values(tracks) }[kind];
      const firstIds = allIds.slice(0, 3);
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      sandbox.faults.add({ times: 1, fault: { kind: 'batch', keep: 2 } });
      const document = `query ($ids: [ID!]!) { list: ${kind}s(ids: $ids) { id } }`;
      expect(dataAndErrorCodes(await execute(document, { ids: firstIds }))).toEqual(
        withoutErrors({ list: firstIds.map((id) => ({ id })) }),
      );
      const batch = (batchIds: readonly string[]) => `/${kind}s?ids=${batchIds.join('%2C')}`;
      expect(apiCalls().toSorted()).toEqual(
        [...firstIds.map((id) => `/${kind}s/${id}`), batch(firstIds)].toSorted(),
      );

      sandbox.clearCalls();
      const others = allIds === ids ? [albums.tracks51, albums.tracks55] : allIds.slice(3, 5);
      await execute(document, { ids: others });
      expect(apiCalls()).toEqual([batch(others)]);
    },
  );

  test('a batch with an additional element is not used', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({
      on: { route: 'albums', batch: true },
      fault: edit({ path: 'albums.4', set: null }),
    });
    expect(dataAndErrorCodes(await execute(`{ albums(ids: ${JSON.stringify(ids)}) { name } }`))).toEqual(
      withoutErrors({ albums: all }),
    );
    expect(apiCalls()).toHaveLength(5);
  });

  test('a malformed element of a batch is an error of that element alone', async () => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({ fault: edit({ path: 'albums.1.name', set: 7 }, { path: 'albums.2', set: 7 }) });
    expect(dataAndErrorCodes(await execute(`{ albums(ids: ${JSON.stringify(ids)}) { name } }`))).toEqual({
      data: { albums: [all[0], null, null, all[3]] },
      errors: [
        ['albums.1', 'UPSTREAM_BAD_RESPONSE'],
        ['albums.2', 'UPSTREAM_BAD_RESPONSE'],
      ],
    });
  });

  test('the ids of a batch without its list are read one by one', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({ on: { route: 'albums', batch: true }, fault: edit({ path: 'albums', set: {} }) });
    expect(dataAndErrorCodes(await execute(`{ albums(ids: ${JSON.stringify(ids)}) { name } }`))).toEqual(
      withoutErrors({ albums: all }),
    );
    expect(apiCalls()).toHaveLength(5);
  });
});
