import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PageInfo } from '../support/album-pages.ts';
import { startGateway } from '../support/gateway.ts';
import {
  type Kind,
  listsIn,
  marketOf,
  objectsIn,
  type RecordedAlbum,
  type RecordedArtist,
  type RecordedIds,
  type RecordedImage,
  type RecordedLink,
  type RecordedList,
  type RecordedPage,
  type RecordedTrack,
  type Recording,
  type Replay,
  type ReplayOptions,
  readRecordings,
  startReplay,
} from '../support/replay.ts';
import { sharedPath } from '../support/shared.ts';

/**
 * Recorded responses of Spotify, from 2014 to 2026: clients of the gateway get the recorded values. The
 * expected values are read from the recordings by this file, and not by the decoder of the gateway.
 */

const folder = sharedPath('recordings');
const allRecordings = folder === null ? [] : readRecordings(folder);
const responses = allRecordings.filter(({ status, url }) => status === 200 && !url.includes('/api/token'));

// Selections of fields, each beside the function that reads the expected value from a recording.

const linkFields = 'id uri externalUrl';
const link = ({ id, uri, external_urls }: RecordedLink) => ({ id, uri, externalUrl: external_urls.spotify });

const briefArtistFields = `${linkFields} name`;
const briefArtist = (json: RecordedArtist) => ({ ...link(json), name: json.name });

const imageFields = 'images { url width height }';
const images = (list: RecordedImage[] = []) => list.map(({ url, width, height }) => ({ url, width, height }));

const artistFields = `${briefArtistFields} ${imageFields} genres followers { total } popularity`;
const artist = (json: RecordedArtist) => ({
  ...briefArtist(json),
  images: images(json.images),
  genres: json.genres ?? null, // development mode lacks this key and the next two
  followers: json.followers ? { total: json.followers.total } : null, // batches of 2014 lack this key
  popularity: json.popularity ?? null,
});

const idsFields = 'externalIds { isrc upc ean }';
const externalIds = (json?: RecordedIds) => ({
  isrc: json?.isrc ?? null,
  upc: json?.upc ?? null,
  ean: json?.ean ?? null,
});

const briefTrackFields = `${linkFields} name durationMs trackNumber discNumber explicit isLocal isPlayable
  restrictions { reason } linkedFrom { ${linkFields} } previewUrl artists { ${briefArtistFields} }`;
const briefTrack = (json: RecordedTrack) => ({
  ...link(json),
  name: json.name,
  durationMs: json.duration_ms,
  trackNumber: json.track_number,
  discNumber: json.disc_number,
  explicit: json.explicit,
  isLocal: json.is_local ?? null,
  isPlayable: json.is_playable ?? null,
  restrictions: json.restrictions ? { reason: json.restrictions.reason.toUpperCase() } : null,
  linkedFrom: json.linked_from ? link(json.linked_from) : null,
  previewUrl: json.preview_url ?? null,
  artists: json.artists.map(briefArtist),
});

const briefAlbumFields = `${linkFields} name albumType ${imageFields} isPlayable restrictions { reason }
  totalTracks releaseDate { date precision } artists { ${briefArtistFields} }`;
/** @param full the recorded full object, for keys that the simplified object lacks: until 2018 it had fewer keys */
const briefAlbum = (json: RecordedAlbum, full?: RecordedAlbum) => {
  const date = json.release_date ?? full?.release_date;
  const precision = json.release_date_precision ?? full?.release_date_precision;
  return {
    ...link(json),
    name: json.name,
    albumType: json.album_type.toUpperCase(),
    images: images(json.images),
    isPlayable: json.is_playable ?? null,
    restrictions: null,
    totalTracks: json.total_tracks ?? json.tracks?.total ?? full?.total_tracks ?? full?.tracks?.total ?? null,
    releaseDate: date && precision ? { date, precision: precision.toUpperCase() } : null,
    artists: (json.artists ?? full?.artists)?.map(briefArtist) ?? null,
  };
};

const trackFields = `${briefTrackFields} ${idsFields} popularity album { ${briefAlbumFields} }`;
const track = (json: RecordedTrack, fullAlbum?: RecordedAlbum) => ({
  ...briefTrack(json),
  externalIds: externalIds(json.external_ids),
  popularity: json.popularity ?? null,
  album: json.album ? briefAlbum(json.album, fullAlbum) : null,
});

const detailFields = `label popularity genres copyrights { text type } ${idsFields}`;
const details = (json?: RecordedAlbum) => ({
  label: json?.label ?? null, // recordings of 2014 lack this key and the next one
  copyrights: json?.copyrights?.map(({ text, type }) => ({ text, type })) ?? null,
  popularity: json?.popularity ?? null,
  genres: json?.genres ?? null,
  externalIds: json ? externalIds(json.external_ids) : null,
});

// As many tracks as an album contains, because later pages are recorded for one album only.
const albumFields = `${briefAlbumFields} ${detailFields}
  tracks(first: 50) { totalCount nodes { ${briefTrackFields} } }`;
const album = (json: RecordedAlbum) => ({
  ...briefAlbum(json),
  ...details(json),
  tracks: { totalCount: json.tracks?.total, nodes: json.tracks?.items.map(briefTrack) },
});

const kinds = {
  artist: { fields: artistFields, expected: (json: object) => artist(json as RecordedArtist) },
  album: { fields: albumFields, expected: (json: object) => album(json as RecordedAlbum) },
  track: { fields: trackFields, expected: (json: object) => track(json as RecordedTrack) },
};

// Access to recordings, and operations.

const path = ({ url }: Recording): string => new URL(url).pathname.replace('/v1', '');
const parameter = ({ url }: Recording, name: string): string => new URL(url).searchParams.get(name) ?? '';
const json = <T>({ text }: Recording): T => JSON.parse(text) as T;
const recordingsAt = (where: RegExp): Recording[] =>
  responses.filter((recording) => where.test(path(recording)));
const objectsOf = (kind: Kind, recording: Recording) =>
  [...objectsIn(json(recording))].filter((object) => object.kind === kind);

function recorded(name: string): Recording {
  const recording = allRecordings.find((other) => other.name.endsWith(`/${name}.json`));
  if (!recording) throw new Error(`There is no recording ${name}.`);
  return recording;
}

type Execute = <T>(document: string, variables?: object) => Promise<T>;

async function start(
  recordings: readonly Recording[],
  { environment = {}, ...options }: ReplayOptions & { environment?: Record<string, string> } = {},
): Promise<{ replay: Replay; execute: Execute }> {
  const replay = await startReplay(recordings, options);
  // These tests check responses, so the limit of planned calls must not reject an operation.
  const gateway = startGateway(replay, { MAX_UPSTREAM_CALLS: '1000', ...environment });
  const execute: Execute = async <T>(document: string, variables: object = {}) => {
    const { data, errors } = await gateway.execute<T, object>(document, variables);
    expect(errors).toEqual([]);
    return data;
  };
  return { replay, execute };
}

/** The calls for one kind of object, sorted, because the order of parallel calls varies. */
const callsTo = (family: string, replay: Replay): string[] =>
  replay
    .calls()
    .filter((call) => call.split(/[ /?]/)[2] === family)
    .toSorted();

const plural = (kind: Kind): string => {
  const isArtist = kind === 'artist'; // the only kind that is the same in every market
  const market = isArtist ? '' : ', market: $market';
  return `query ($one: ID!, $all: [ID!]!${isArtist ? '' : ', $market: Market'}) {
    one: ${kind}(id: $one${market}) { ${kinds[kind].fields} }
    all: ${kind}s(ids: $all${market}) { ${kinds[kind].fields} }
  }`;
};

/** The calls for these objects in one operation. */
function readsOf(kind: Kind, ids: readonly string[], market: string | null, batches: boolean): string[] {
  const suffix = (sign: string) => (market === null ? '' : `${sign}market=${market}`);
  const batch = `/${kind}s?ids=${ids.join(',')}${suffix('&')}`;
  const singles = ids.map((id) => `200 /${kind}s/${id}${suffix('?')}`);
  if (ids.length === 1) return singles;
  return batches ? [`200 ${batch}`] : [...singles, `403 ${batch}`].toSorted();
}

/** Reads every object of one kind in the recordings with one operation, and expects the recorded values. */
async function expectRecorded(
  kind: Kind,
  recordings: readonly Recording[],
  market: string | null,
  batches: boolean,
): Promise<object[]> {
  // No other recording is replayed, so keys that simplified objects lack, such as old albums in tracks, stay unknown.
  const { replay, execute } = await start(recordings, { batches });
  const objects = recordings.flatMap((recording) => objectsOf(kind, recording));
  const ids = objects.map(({ id }) => id);
  const all = objects.map((object) => kinds[kind].expected(object.json));
  const response = await execute<{ all: object[] }>(plural(kind), { one: ids[0], all: ids, market });
  expect(response).toEqual({ one: all[0], all });
  expect(callsTo(`${kind}s`, replay)).toEqual(readsOf(kind, ids, market, batches));
  return response.all;
}

const tracksOfAlbum = `query ($id: ID!, $market: Market) {
  album(id: $id, market: $market) {
    id
    tracks(first: 100) { totalCount nodes { ${briefTrackFields} album { id } } pageInfo { hasNextPage } }
  }
}`;

const albumsOfArtist = `query ($id: ID!, $groups: [AlbumGroup!], $first: Int, $after: String, $last: Int, $before: String) {
  artist(id: $id) {
    albums(includeGroups: $groups, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { albumGroup node { ${briefAlbumFields} } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}`;

interface AlbumsOfArtist {
  artist: {
    albums: {
      totalCount: number;
      edges: object[];
      pageInfo: PageInfo;
    };
  };
}

const searches = recordingsAt(/^\/search$/).filter((search) => parameter(search, 'type') in kinds);
const lists = listsIn(responses);
const wholeLists = lists.filter(({ isWhole }) => isWhole);

function listOf(artistId: string): RecordedList {
  const list = lists.find((other) => other.artistId === artistId);
  if (!list) throw new Error(`There is no recorded list of ${artistId}.`);
  return list;
}

const artistOf = ({ artistId }: RecordedList): Recording[] =>
  recordingsAt(new RegExp(`^/artists/${artistId}$`));

const edge = (album: RecordedAlbum, full?: RecordedAlbum) => ({
  albumGroup: album.album_group?.toUpperCase() ?? null,
  node: briefAlbum(album, full),
});

const pagePath = ({ artistId, groups }: RecordedList, limit: number, offset: number): string =>
  `/artists/${artistId}/albums?include_groups=${groups?.join(',').toLowerCase()}&limit=${limit}&offset=${offset}`;

const pagePaths = (list: RecordedList): string[] =>
  Array.from({ length: Math.ceil(list.slots / 10) }, (_, i) => pagePath(list, 10, i * 10));

const maxWindows = 50; // of a walk; shorter lists are also read album by album

/** Walks a list to its end, and expects every album for one call per page. */
async function expectWalk(list: RecordedList, size: number, forward: boolean): Promise<void> {
  const { replay, execute } = await start([...artistOf(list), ...list.pages]);
  const windows: object[][] = [];
  let cursor: string | null = null;
  for (;;) {
    const range: object = forward ? { first: size, after: cursor } : { last: size, before: cursor };
    const variables = { id: list.artistId, groups: list.groups, ...range };
    const { artist }: AlbumsOfArtist = await execute<AlbumsOfArtist>(albumsOfArtist, variables);
    const { totalCount, edges, pageInfo } = artist.albums;
    expect(totalCount).toBe(list.total);
    windows.push(edges);
    cursor = forward ? pageInfo.endCursor : pageInfo.startCursor;
    if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) break;
    expect(cursor, 'a walk that goes on needs a cursor').not.toBeNull();
  }

  const edges = (forward ? windows : windows.reverse()).flat();
  expect(edges).toEqual(list.albums.map((album) => edge(album)));
  // If the total is too large, one more window may be necessary to find the end of the list.
  const minWindows = Math.ceil(list.slots / size);
  expect([minWindows, minWindows + 1]).toContain(windows.length);
  const found = [`/artists/${list.artistId}`, ...pagePaths(list)].map((path) => `200 ${path}`);
  const calls = ['200 token', `400 ${pagePath(list, 50, 0)}`, ...found];
  expect(replay.calls().toSorted()).toEqual(calls.toSorted());
}

const kindNames = ['artist', 'album', 'track'] as const;
const apps = [
  ['an app with batch endpoints', true],
  ['an app without batch endpoints', false],
] as const;

describe.skipIf(folder === null)('recorded responses', () => {
  test('the recordings contain the objects and lists that the other tests need', () => {
    const counts = kindNames.map(
      (kind) => responses.flatMap((recording) => objectsOf(kind, recording)).length,
    );
    expect(counts).toEqual([69, 12, 49]);
    expect(
      lists.map(({ artistId, groups, pages, albums, total }) => {
        const distinct = new Set(albums.map(({ id }) => id));
        return [artistId, groups?.length ?? null, pages.length, distinct.size, total];
      }),
    ).toEqual([
      ['7Ln80lUS6He07XvHI8qqHH', null, 1, 20, 148],
      ['3AA28KZvwAUcZuOKwyblJQ', 3, 5, 81, 83],
      ['3zcOegUrWqti1S0lu4juJz', 2, 2, 28, 30],
      ['1FPC2zwfMHhrP3frOfaai6', 3, 1, 8, 8],
      ['1FPC2zwfMHhrP3frOfaai6', 2, 1, 7, 16],
    ]);
    expect(
      searches.map((search) => [
        parameter(search, 'type'),
        parameter(search, 'q'),
        parameter(search, 'offset'),
      ]),
    ).toEqual([
      ['artist', 'Arctic', '0'],
      ['artist', 'Arctic', '10'],
      ['artist', 'artist: gorillaz', '0'],
      ['artist', 'artist: gorillaz', '0'],
      ['album', 'album: yeezus', '0'],
      ['track', 'test', '0'],
    ]);
  });

  describe.each(apps)('objects by their ids, for %s', (_, batches) => {
    for (const kind of kindNames) {
      for (const recording of responses.filter((response) => objectsOf(kind, response).length > 0)) {
        test(`every ${kind} in ${recording.name} has the recorded values`, () =>
          expectRecorded(kind, [recording], marketOf(recording), batches));
      }

      test(`all ${kind}s that were recorded one by one can be read with one operation`, () => {
        const singles = recordingsAt(new RegExp(`^/${kind}s/\\w{22}$`));
        const everywhere = singles.filter((single) => marketOf(single) === null);
        return expectRecorded(kind, everywhere, null, batches);
      });
    }

    test('tracks that are relinked or restricted in Spain are in the order of their ids', async () => {
      const spanish = recordingsAt(/^\/tracks/).filter((recording) => marketOf(recording) === 'ES');
      const all = await expectRecorded('track', spanish, 'ES', batches);
      // Literal values, in case the recordings or the functions that read them lack these fields.
      expect(all).toMatchObject([
        { id: '5FVd6KXrgO9B3JPmC8OPst', linkedFrom: { id: '3jfr0TF6DQcOLat8gGn7E2' }, isPlayable: true },
        { id: '1CFz8ZV88CFLwmggjGrW4c', linkedFrom: { id: '4oI9kesyxHUr8fqiLd6uO9' }, isPlayable: true },
        {
          id: '6fi8e1nv4QBqODf9puRcyX',
          linkedFrom: null,
          isPlayable: false,
          restrictions: { reason: 'MARKET' },
        },
      ]);
    });

    test('a listed album has the fields that lists lack from its full album, if there is one', async () => {
      const list = listOf('3AA28KZvwAUcZuOKwyblJQ');
      const albums = recordingsAt(/^\/albums\/\w{22}$/);
      const { replay, execute } = await start([...list.pages, ...artistOf(list), ...albums], { batches });
      const full = new Map(
        albums.map((recording) => json<RecordedAlbum>(recording)).map((album) => [album.id, album]),
      );
      const ids = list.albums.map(({ id }) => id);
      expect(ids.filter((id) => full.has(id))).toHaveLength(4);
      const response = await execute(
        `query ($id: ID!, $groups: [AlbumGroup!]) {
          artist(id: $id) { albums(first: 100, includeGroups: $groups) { nodes { id ${detailFields} } } }
        }`,
        { id: list.artistId, groups: list.groups },
      );
      const nodes = ids.map((id) => ({ id, ...details(full.get(id)) }));
      expect(response).toEqual({ artist: { albums: { nodes } } });

      const calls = callsTo('albums', replay);
      const granted = calls.filter((call) => !call.startsWith('403'));
      const requestedIds = granted.flatMap((call) => call.match(/[0-9A-Za-z]{22}/g) ?? []);
      expect(requestedIds.toSorted()).toEqual(ids.toSorted());
      expect(calls.filter((call) => call.includes('?ids='))).toHaveLength(batches ? 4 : 1);
    });
  });

  describe('the tracks of an album', () => {
    const trackOf = (id: string) => (track: RecordedTrack) => ({ ...briefTrack(track), album: { id } });
    const withTracks = recordingsAt(/^\/albums\/\w{22}\/tracks\/?$/);

    for (const page of withTracks.filter((recording) => parameter(recording, 'offset') === '0')) {
      test(`an album without tracks gets its tracks from ${page.name}`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const fullAlbum = recorded(`album_${id}`);
        const withoutTracks = {
          ...fullAlbum,
          text: JSON.stringify({ ...json<RecordedAlbum>(fullAlbum), tracks: undefined }),
        };
        const { replay, execute } = await start([withoutTracks, page]);
        const { items, total } = json<RecordedPage<RecordedTrack>>(page);
        expect(await execute(tracksOfAlbum, { id })).toEqual({
          album: {
            id,
            tracks: { totalCount: total, nodes: items.map(trackOf(id)), pageInfo: { hasNextPage: false } },
          },
        });
        expect(replay.calls()).toEqual([
          '200 token',
          `200 /albums/${id}`,
          `200 /albums/${id}/tracks?limit=50&offset=0`,
        ]);
      });
    }

    test('an album that is read without a market has the tracks of the market of its `tracks` argument', async () => {
      const id = '2agWNCZl5Ts9W05mij8EPh';
      const spanish = recorded(`album_find_${id}_market_ES`);
      const { replay, execute } = await start([recorded(`album_find_${id}`), spanish]);
      const document = `{ album(id: "${id}") { ${detailFields} tracks(market: "ES", first: 50) { nodes { ${briefTrackFields} } } } }`;
      const everywhere = objectsOf('album', recorded(`album_find_${id}`)).map(
        (album) => album.json as RecordedAlbum,
      );
      const inSpain = objectsOf('album', spanish).map((album) => album.json as RecordedAlbum);
      expect(await execute(document)).toEqual({
        album: { ...details(everywhere[0]), tracks: { nodes: inSpain[0]?.tracks?.items.map(briefTrack) } },
      });
      expect(replay.calls()).toEqual(['200 token', `200 /albums/${id}`, `200 /albums/${id}?market=ES`]);
    });

    test.each([null, 'ES'])('an album of 69 tracks has all tracks, for market %s', async (market) => {
      const id = '2js3lkzAjWpD656NK7ZaJX';
      const fullAlbum = recorded(`album_find_${id}`);
      const rest = withTracks.filter((page) => path(page).includes(id) && marketOf(page) === market);
      // The album was not recorded for Spain, only its second page, so the album without a market replaces it.
      const albumInMarket =
        market === null ? fullAlbum : { ...fullAlbum, url: `${fullAlbum.url}?market=${market}` };
      const { replay, execute } = await start([albumInMarket, ...rest]);
      const pages = [
        json<RecordedAlbum>(fullAlbum).tracks,
        ...rest.map((page) => json<RecordedPage<RecordedTrack>>(page)),
      ];
      const tracks = pages.flatMap((page) => page?.items ?? []);
      expect(tracks).toHaveLength(69);
      expect(await execute(tracksOfAlbum, { id, market })).toEqual({
        album: {
          id,
          tracks: { totalCount: 69, nodes: tracks.map(trackOf(id)), pageInfo: { hasNextPage: false } },
        },
      });
      const marketParameter = market === null ? '' : `market=${market}`;
      expect(replay.calls()).toEqual([
        '200 token',
        `200 /albums/${id}${marketParameter && `?${marketParameter}`}`,
        `200 /albums/${id}/tracks?${marketParameter && `${marketParameter}&`}limit=50&offset=50`,
      ]);
    });
  });

  describe("an artist's albums", () => {
    for (const list of wholeLists) {
      describe(`${list.artistId}, ${list.groups}`, () => {
        const sizes = [1, 7, 10, 20, 50].filter((size) => list.slots / size <= maxWindows);

        test.each(sizes)(
          'a walk by %i albums returns every album of an artist once, and reads each page once',
          (size) => expectWalk(list, size, true),
        );

        test.each(sizes)(
          'a backward walk by %i albums returns every album of an artist once, and reads each page once',
          (size) => expectWalk(list, size, false),
        );
      });
    }

    test('keys that an album in a list of 2014 lacks come from its full album, or are null', async () => {
      const list = listOf('7Ln80lUS6He07XvHI8qqHH');
      const am = recorded('album_find_5bU1XKYxHhEwukllT20xtk__3_200');
      const { replay, execute } = await start([...list.pages, ...artistOf(list), am]);
      const full = json<RecordedAlbum>(am);
      expect(list.albums.map(({ id }) => id)).toContain(full.id);
      expect(await execute(albumsOfArtist, { id: list.artistId, first: 20 })).toEqual({
        artist: {
          albums: {
            totalCount: 148,
            edges: list.albums.map((album) => edge(album, album.id === full.id ? full : undefined)),
            pageInfo: {
              hasNextPage: true,
              hasPreviousPage: false,
              startCursor: expect.any(String),
              endCursor: expect.any(String),
            },
          },
        },
      });
      expect(replay.calls().toSorted()).toEqual(
        [
          '200 token',
          `200 /artists/${list.artistId}`,
          `400 /artists/${list.artistId}/albums?limit=50&offset=0`,
          `200 /artists/${list.artistId}/albums?limit=10&offset=0`,
          `200 /artists/${list.artistId}/albums?limit=10&offset=10`,
          `200 /albums?ids=${list.albums.map(({ id }) => id).join(',')}`,
        ].toSorted(),
      );
    });
  });

  test('keys that the album in a track of 2014 lacks come from the full album', async () => {
    const am = recorded('album_find_5bU1XKYxHhEwukllT20xtk__3_200');
    const single = recorded('track_find_3jfr0TF6DQcOLat8gGn7E2');
    const { replay, execute } = await start([am, single]);
    const { id } = json<RecordedTrack>(single);
    const value = track(json(single), json(am));
    expect(value.album?.releaseDate).toEqual({ date: '2013-09-09', precision: 'DAY' });
    expect(await execute(plural('track'), { one: id, all: [id] })).toEqual({ one: value, all: [value] });
    expect(replay.calls()).toEqual(['200 token', `200 /tracks/${id}`, '200 /albums/5bU1XKYxHhEwukllT20xtk']);
  });

  test("an artist's top tracks and related artists have the recorded values", async () => {
    const id = '7Ln80lUS6He07XvHI8qqHH';
    const top = recorded(`artist_${id}_top_tracks_US`);
    const related = recorded(`artist_${id}_related_artists`);
    const { execute } = await start([recorded(`artist_find_${id}`), top, related]);
    const tracks = json<{ tracks: RecordedTrack[] }>(top).tracks;
    const artists = json<{ artists: RecordedArtist[] }>(related).artists;
    expect([tracks.length, artists.length]).toEqual([10, 20]);
    const document = `{ artist(id: "${id}") {
      topTracks(market: "US") { ${trackFields} }
      relatedArtists { ${artistFields} }
    } }`;
    expect(await execute(document)).toEqual({
      artist: {
        topTracks: tracks.map((recordedTrack) => track(recordedTrack)),
        relatedArtists: artists.map(artist),
      },
    });
  });

  describe('searches', () => {
    const found = {
      ...kinds,
      album: { fields: briefAlbumFields, expected: (item: object) => briefAlbum(item as RecordedAlbum) },
    };
    const documentOf = (kind: Kind, first: number) => `query ($q: String!) { search(q: $q) {
      ${kind}s(first: ${first}) { totalCount nodes { ${found[kind].fields} } pageInfo { hasNextPage } }
    } }`;

    async function expectFinds(pages: readonly Recording[]): Promise<void> {
      const [first] = pages as [Recording];
      const { replay, execute } = await start(pages);
      const q = parameter(first, 'q');
      const kind = parameter(first, 'type') as Kind;
      const results = pages.map((page) => json<Record<string, RecordedPage<object>>>(page)[`${kind}s`]);
      const items = results.flatMap((page) => page?.items ?? []);
      expect(await execute(documentOf(kind, items.length), { q })).toEqual({
        search: {
          [`${kind}s`]: {
            totalCount: results[0]?.total,
            nodes: items.map((item) => found[kind].expected(item)),
            pageInfo: { hasNextPage: true },
          },
        },
      });
      expect(replay.calls()).toEqual([
        '200 token',
        `400 /search?q=${q}&type=${kind}&limit=50&offset=0`,
        ...pages.map((_, i) => `200 /search?q=${q}&type=${kind}&limit=10&offset=${i * 10}`),
      ]);
    }

    for (const search of searches.filter((recording) => parameter(recording, 'offset') === '0')) {
      test(`the search ${search.name} has the recorded results`, () => expectFinds([search]));
    }

    test('a window over two recorded search pages has the results of both pages', () =>
      expectFinds(searches.filter((search) => parameter(search, 'q') === 'Arctic')));
  });

  test('a token that expired in the recordings is replaced once, and the album is returned', async () => {
    const id = '5bU1XKYxHhEwukllT20xtk';
    const sequence = allRecordings.filter(({ name }) => name.includes(`album_find_${id}__`));
    expect(sequence.map(({ status }) => status)).toEqual([401, 200, 200]);
    const { replay, execute } = await start(sequence);
    const value = album(json(recorded(`album_find_${id}__3_200`)));
    expect(await execute(plural('album'), { one: id, all: [id] })).toEqual({ one: value, all: [value] });
    expect(replay.calls()).toEqual(['200 token', `401 /albums/${id}`, '200 token', `200 /albums/${id}`]);
  });

  describe.concurrent('stale entries are revalidated with their recorded ETag', () => {
    const singles = recordingsAt(/^\/(artists|albums|tracks)\/\w{22}$/).filter(({ etag }) => etag !== null);

    async function expectUnchanged(
      recordings: readonly Recording[],
      {
        ttl,
        paths,
        executeAll,
      }: { ttl: number; paths: string[]; executeAll: (execute: Execute) => Promise<unknown> },
    ): Promise<void> {
      // Without batches, because only objects that are read one by one have an ETag of their own.
      const { replay, execute } = await start(recordings, {
        batches: false,
        environment: { CACHE_TTL_SECONDS: `${ttl}` },
      });
      const first = await executeAll(execute);
      const before = replay.calls().length;
      await sleep(ttl * 2_100);
      expect(await executeAll(execute)).toEqual(first);
      const again = new Set(replay.calls().slice(before));
      expect([...again].toSorted()).toEqual([...new Set(paths)].map((path) => `304 ${path}`).toSorted());
    }

    test.each([1, 0])('objects that are fresh for %i s are revalidated and unchanged', (ttl) =>
      expectUnchanged(singles, {
        ttl,
        paths: singles.map((single) => path(single)),
        executeAll: (execute) =>
          Promise.all(
            kindNames.map((kind) => {
              const ids = singles.flatMap((single) => objectsOf(kind, single)).map(({ id }) => id);
              return execute(plural(kind), { one: ids[0], all: ids });
            }),
          ),
      }),
    );

    test('lists that are fresh for 1 s are revalidated and unchanged', () =>
      expectUnchanged([...singles, ...wholeLists.flatMap(({ pages }) => pages)], {
        ttl: 1,
        paths: wholeLists.flatMap((list) => [`/artists/${list.artistId}`, ...pagePaths(list)]),
        executeAll: (execute) =>
          Promise.all(
            wholeLists.map(({ artistId: id, groups }) => execute(albumsOfArtist, { id, groups, first: 100 })),
          ),
      }));

    test('search results that are fresh for 0 s are revalidated and unchanged', () => {
      const gorillaz = recorded('search_artist_gorillaz_2');
      const q = parameter(gorillaz, 'q');
      const document = `query ($q: String!) { search(q: $q) { artists(first: 10) { nodes { ${artistFields} } } } }`;
      return expectUnchanged([gorillaz], {
        ttl: 0,
        paths: [`/search?q=${q}&type=artist&limit=10&offset=0`],
        executeAll: (execute) => execute(document, { q }),
      });
    });
  });
});

const ofDevelopment = folder === null ? [] : readRecordings(folder, 'development');
const modes = ['development', 'auto'] as const;

describe.skipIf(folder === null).each(modes)(
  'recorded responses of development mode, with SPOTIFY_QUOTA_MODE=%s',
  (mode) => {
    const at = (where: RegExp): Recording[] =>
      ofDevelopment.filter((recording) => where.test(path(recording)));
    const isAuto = mode === 'auto';
    const startDevelopment = (recordings: readonly Recording[]) =>
      start(recordings, { development: true, environment: { SPOTIFY_QUOTA_MODE: mode } });
    /** The rejected calls until the gateway finds the allowed page size. */
    const rejectedSizes = (list: string) => (isAuto ? [`400 ${list}&limit=50&offset=0`] : []);

    test('the recordings of development mode contain the objects and lists that the other tests need', () => {
      const counts = kindNames.map(
        (kind) => ofDevelopment.flatMap((recording) => objectsOf(kind, recording)).length,
      );
      expect(counts).toEqual([10, 1, 8]);
      expect(at(/^\/search$/).map((search) => [parameter(search, 'type'), parameter(search, 'q')])).toEqual([
        ['artist', 'eminem'],
        ['album', 'remaster%20track:Porcelin%20artist:Mobey'],
        ['artist', 'Taylor Swift'],
        ['album', 'the eminem show'],
      ]);
      expect([at(/^\/artists\/\w+\/albums$/).length, at(/^\/albums\/\w+\/tracks$/).length]).toEqual([1, 1]);
    });

    for (const kind of kindNames) {
      for (const recording of ofDevelopment.filter((response) => objectsOf(kind, response).length > 0)) {
        test(`every ${kind} in ${recording.name} has the recorded values, and null for keys that were not sent`, async () => {
          const { replay, execute } = await startDevelopment([recording]);
          const objects = objectsOf(kind, recording);
          const ids = [...new Set(objects.map(({ id }) => id))];
          const all = ids.map((id) =>
            kinds[kind].expected(objects.find((object) => object.id === id)?.json ?? {}),
          );
          expect(await execute(plural(kind), { one: ids[0], all: ids })).toEqual({ one: all[0], all });
          const batch = isAuto && ids.length > 1 ? [`403 /${kind}s?ids=${ids.join(',')}`] : [];
          const singles = ids.map((id) => `200 /${kind}s/${id}`);
          expect(callsTo(`${kind}s`, replay)).toEqual([...singles, ...batch].toSorted());
        });
      }
    }

    for (const page of at(/^\/search$/)) {
      test(`the search ${page.name} has the recorded results`, async () => {
        const kind = parameter(page, 'type') as Kind;
        const q = parameter(page, 'q');
        const found = json<Record<string, RecordedPage<object>>>(page)[`${kind}s`];
        const { replay, execute } = await startDevelopment([page]);
        const items = found?.items ?? [];
        const fields = kind === 'album' ? briefAlbumFields : artistFields;
        const response = await execute(
          `query ($q: String!) { search(q: $q, type: [${kind.toUpperCase()}]) {
          ${kind}s(first: ${items.length}) { totalCount nodes { ${fields} } pageInfo { hasNextPage } }
        } }`,
          { q },
        );
        const total = found?.total ?? 0;
        const nodes = items.map((item) =>
          kind === 'album' ? briefAlbum(item as RecordedAlbum) : artist(item as RecordedArtist),
        );
        expect(response).toEqual({
          search: { [`${kind}s`]: { totalCount: total, nodes, pageInfo: { hasNextPage: total > 10 } } },
        });
        const list = `/search?q=${q}&type=${kind}`;
        expect(replay.calls()).toEqual([
          '200 token',
          ...rejectedSizes(list),
          `200 ${list}&limit=10&offset=0`,
        ]);
      });
    }

    for (const page of at(/^\/artists\/\w+\/albums$/)) {
      test(`the albums of an artist are those of ${page.name}`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const { items, total } = json<RecordedPage<RecordedAlbum>>(page);
        const artists = at(/^\/search$/).filter(({ text }) => text.includes(id));
        const { replay, execute } = await startDevelopment([page, ...artists]);
        const groups = parameter(page, 'include_groups').toUpperCase().split(',');
        expect(await execute(albumsOfArtist, { id, groups, first: items.length })).toEqual({
          artist: {
            albums: {
              totalCount: total,
              edges: items.map((album) => edge(album)),
              pageInfo: {
                hasNextPage: true,
                hasPreviousPage: false,
                startCursor: expect.any(String),
                endCursor: expect.any(String),
              },
            },
          },
        });
        const list = `/artists/${id}/albums?include_groups=${groups.join(',').toLowerCase()}`;
        expect(replay.calls().toSorted()).toEqual(
          [
            '200 token',
            `200 /artists/${id}`,
            ...rejectedSizes(list),
            `200 ${list}&limit=10&offset=0`,
          ].toSorted(),
        );
      });
    }

    for (const page of at(/^\/albums\/\w+\/tracks$/)) {
      test(`the tracks of an album are those of ${page.name}`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const [fullAlbum] = at(new RegExp(`^/albums/${id}$`)) as [Recording];
        const withoutTracks = {
          ...fullAlbum,
          text: JSON.stringify({ ...json<object>(fullAlbum), tracks: undefined }),
        };
        const { items, total } = json<RecordedPage<RecordedTrack>>(page);
        const { replay, execute } = await startDevelopment([withoutTracks, page]);
        const document = `{ album(id: "${id}") { tracks(first: ${items.length}) { totalCount nodes { ${briefTrackFields} } } } }`;
        expect(await execute(document)).toEqual({
          album: { tracks: { totalCount: total, nodes: items.map(briefTrack) } },
        });
        expect(replay.calls()).toEqual([
          '200 token',
          `200 /albums/${id}`,
          `200 /albums/${id}/tracks?limit=50&offset=0`,
        ]);
      });
    }
  },
);
