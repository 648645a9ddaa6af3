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
 * Real input: what Spotify has answered to others, from 2014 to 2026, is what the gateway's clients get. The
 * expected values are read off the recordings here, in plain words, and not with the gateway's own decoder.
 */

const folder = sharedPath('recordings');
const everything = folder === null ? [] : readRecordings(folder);
const answers = everything.filter(({ status, url }) => status === 200 && !url.includes('/api/token'));

// What to ask for, each beside what the recordings say it is.

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
  genres: json.genres ?? null, // development mode lacks it, and the two below
  followers: json.followers ? { total: json.followers.total } : null, // batches of 2014 lack it
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
/** @param full the recorded full object, for what the short form at hand lacks: until 2018 it was much shorter */
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
  label: json?.label ?? null, // recordings of 2014 lack these two
  copyrights: json?.copyrights?.map(({ text, type }) => ({ text, type })) ?? null,
  popularity: json?.popularity ?? null,
  genres: json?.genres ?? null,
  externalIds: json ? externalIds(json.external_ids) : null,
});

// As many tracks as an album brings along: the pages behind them are recorded for one album only.
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

// How to get at a recording, and to ask.

const path = ({ url }: Recording): string => new URL(url).pathname.replace('/v1', '');
const parameter = ({ url }: Recording, name: string): string => new URL(url).searchParams.get(name) ?? '';
const json = <T>({ text }: Recording): T => JSON.parse(text) as T;
const recordingsAt = (where: RegExp): Recording[] => answers.filter((each) => where.test(path(each)));
const objectsOf = (kind: Kind, recording: Recording) =>
  [...objectsIn(json(recording))].filter((each) => each.kind === kind);

function recorded(name: string): Recording {
  const recording = everything.find((each) => each.name.endsWith(`/${name}.json`));
  if (!recording) throw new Error(`There is no recording ${name}.`);
  return recording;
}

type Ask = <T>(document: string, variables?: object) => Promise<T>;

async function start(
  recordings: readonly Recording[],
  { environment = {}, ...options }: ReplayOptions & { environment?: Record<string, string> } = {},
): Promise<{ replay: Replay; ask: Ask }> {
  const replay = await startReplay(recordings, options);
  // What an operation may cost at worst is another question than what it answers.
  const gateway = startGateway(replay, { MAX_UPSTREAM_CALLS: '1000', ...environment });
  const ask: Ask = async <T>(document: string, variables: object = {}) => {
    const { data, errors } = await gateway.ask<T, object>(document, variables);
    expect(errors).toEqual([]);
    return data;
  };
  return { replay, ask };
}

/** The calls for one kind of object, in an order that does not depend on which of parallel ones came first. */
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

/** The calls that so many objects take, asked for together. */
function readsOf(kind: Kind, ids: readonly string[], market: string | null, batches: boolean): string[] {
  const suffix = (sign: string) => (market === null ? '' : `${sign}market=${market}`);
  const batch = `/${kind}s?ids=${ids.join(',')}${suffix('&')}`;
  const singles = ids.map((id) => `200 /${kind}s/${id}${suffix('?')}`);
  if (ids.length === 1) return singles;
  return batches ? [`200 ${batch}`] : [...singles, `403 ${batch}`].toSorted();
}

/** Asks for every object of one kind in the recordings, at once, and expects it as it was recorded. */
async function expectRecorded(
  kind: Kind,
  recordings: readonly Recording[],
  market: string | null,
  batches: boolean,
): Promise<object[]> {
  // Nothing else is replayed: what short forms lack, as those of old albums in tracks, stays unknown.
  const { replay, ask } = await start(recordings, { batches });
  const objects = recordings.flatMap((each) => objectsOf(kind, each));
  const ids = objects.map(({ id }) => id);
  const all = objects.map((object) => kinds[kind].expected(object.json));
  const answer = await ask<{ all: object[] }>(plural(kind), { one: ids[0], all: ids, market });
  expect(answer).toEqual({ one: all[0], all });
  expect(callsTo(`${kind}s`, replay)).toEqual(readsOf(kind, ids, market, batches));
  return answer.all;
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

const searches = recordingsAt(/^\/search$/).filter((each) => parameter(each, 'type') in kinds);
const lists = listsIn(answers);
const wholeLists = lists.filter(({ isWhole }) => isWhole);

function listOf(artistId: string): RecordedList {
  const list = lists.find((each) => each.artistId === artistId);
  if (!list) throw new Error(`There is no recorded list of ${artistId}.`);
  return list;
}

const artistOf = ({ artistId }: RecordedList): Recording[] =>
  recordingsAt(new RegExp(`^/artists/${artistId}$`));

const edge = (album: RecordedAlbum, full?: RecordedAlbum) => ({
  albumGroup: album.album_group?.toUpperCase() ?? null,
  node: briefAlbum(album, full),
});

const pageAsked = ({ artistId, groups }: RecordedList, limit: number, offset: number): string =>
  `/artists/${artistId}/albums?include_groups=${groups?.join(',').toLowerCase()}&limit=${limit}&offset=${offset}`;

const pagesAsked = (list: RecordedList): string[] =>
  Array.from({ length: Math.ceil(list.slots / 10) }, (_, i) => pageAsked(list, 10, i * 10));

/** Walks a list to its end, and expects all of it for one call a page. */
async function expectWalk(list: RecordedList, size: number, forward: boolean): Promise<void> {
  const { replay, ask } = await start([...artistOf(list), ...list.pages]);
  const windows: object[][] = [];
  let cursor: string | null = null;
  for (;;) {
    const range: object = forward ? { first: size, after: cursor } : { last: size, before: cursor };
    const variables = { id: list.artistId, groups: list.groups, ...range };
    const { artist }: AlbumsOfArtist = await ask<AlbumsOfArtist>(albumsOfArtist, variables);
    const { totalCount, edges, pageInfo } = artist.albums;
    expect(totalCount).toBe(list.total);
    windows.push(edges);
    cursor = forward ? pageInfo.endCursor : pageInfo.startCursor;
    if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) break;
    expect(cursor, 'a walk that goes on needs a cursor').not.toBeNull();
  }

  const edges = (forward ? windows : windows.reverse()).flat();
  expect(edges).toEqual(list.albums.map((each) => edge(each)));
  // Where the total is too large, one window more may be needed to show that the list has ended.
  const needed = Math.ceil(list.slots / size);
  expect([needed, needed + 1]).toContain(windows.length);
  const found = [`/artists/${list.artistId}`, ...pagesAsked(list)].map((question) => `200 ${question}`);
  const calls = ['200 token', `400 ${pageAsked(list, 50, 0)}`, ...found];
  expect(replay.calls().toSorted()).toEqual(calls.toSorted());
}

const kindNames = ['artist', 'album', 'track'] as const;
const apps = [
  ['an app with batch endpoints', true],
  ['an app without', false],
] as const;

describe.skipIf(folder === null)('real input', () => {
  test('the recordings hold what the tests below are about', () => {
    const counts = kindNames.map((kind) => answers.flatMap((each) => objectsOf(kind, each)).length);
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
      searches.map((each) => [parameter(each, 'type'), parameter(each, 'q'), parameter(each, 'offset')]),
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
      for (const recording of answers.filter((each) => objectsOf(kind, each).length > 0)) {
        test(`every ${kind} in ${recording.name} has the recorded values`, () =>
          expectRecorded(kind, [recording], marketOf(recording), batches));
      }

      test(`all ${kind}s that were recorded one by one can be asked for together`, () => {
        const singles = recordingsAt(new RegExp(`^/${kind}s/\\w{22}$`));
        const everywhere = singles.filter((each) => marketOf(each) === null);
        return expectRecorded(kind, everywhere, null, batches);
      });
    }

    test('tracks that Spain relinks or restricts come in the places in which they were asked for', async () => {
      const spanish = recordingsAt(/^\/tracks/).filter((each) => marketOf(each) === 'ES');
      const all = await expectRecorded('track', spanish, 'ES', batches);
      // Spelled out, lest the recordings or the reading of them say less than they should.
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

    test('a listed album tells from its full form what lists leave out, where there is one', async () => {
      const list = listOf('3AA28KZvwAUcZuOKwyblJQ');
      const albums = recordingsAt(/^\/albums\/\w{22}$/);
      const { replay, ask } = await start([...list.pages, ...artistOf(list), ...albums], { batches });
      const full = new Map(albums.map((each) => json<RecordedAlbum>(each)).map((each) => [each.id, each]));
      const ids = list.albums.map(({ id }) => id);
      expect(ids.filter((id) => full.has(id))).toHaveLength(4);
      const answer = await ask(
        `query ($id: ID!, $groups: [AlbumGroup!]) {
          artist(id: $id) { albums(first: 100, includeGroups: $groups) { nodes { id ${detailFields} } } }
        }`,
        { id: list.artistId, groups: list.groups },
      );
      const nodes = ids.map((id) => ({ id, ...details(full.get(id)) }));
      expect(answer).toEqual({ artist: { albums: { nodes } } });

      const calls = callsTo('albums', replay);
      const granted = calls.filter((call) => !call.startsWith('403'));
      const asked = granted.flatMap((call) => call.match(/[0-9A-Za-z]{22}/g) ?? []);
      expect(asked.toSorted()).toEqual(ids.toSorted());
      expect(calls.filter((call) => call.includes('?ids='))).toHaveLength(batches ? 4 : 1);
    });
  });

  describe('the tracks of an album', () => {
    const trackOf = (id: string) => (each: RecordedTrack) => ({ ...briefTrack(each), album: { id } });
    const withTracks = recordingsAt(/^\/albums\/\w{22}\/tracks\/?$/);

    for (const page of withTracks.filter((each) => parameter(each, 'offset') === '0')) {
      test(`an album that brings none gets them from ${page.name}`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const whole = recorded(`album_${id}`);
        const bare = { ...whole, text: JSON.stringify({ ...json<RecordedAlbum>(whole), tracks: undefined }) };
        const { replay, ask } = await start([bare, page]);
        const { items, total } = json<RecordedPage<RecordedTrack>>(page);
        expect(await ask(tracksOfAlbum, { id })).toEqual({
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

    test('an album found without a market tells the tracks of another market, where that is asked for', async () => {
      const id = '2agWNCZl5Ts9W05mij8EPh';
      const spanish = recorded(`album_find_${id}_market_ES`);
      const { replay, ask } = await start([recorded(`album_find_${id}`), spanish]);
      const document = `{ album(id: "${id}") { ${detailFields} tracks(market: "ES", first: 50) { nodes { ${briefTrackFields} } } } }`;
      const everywhere = objectsOf('album', recorded(`album_find_${id}`)).map(
        (each) => each.json as RecordedAlbum,
      );
      const inSpain = objectsOf('album', spanish).map((each) => each.json as RecordedAlbum);
      expect(await ask(document)).toEqual({
        album: { ...details(everywhere[0]), tracks: { nodes: inSpain[0]?.tracks?.items.map(briefTrack) } },
      });
      expect(replay.calls()).toEqual(['200 token', `200 /albums/${id}`, `200 /albums/${id}?market=ES`]);
    });

    test.each([null, 'ES'])('an album of 69 tracks gives them all, for market %s', async (market) => {
      const id = '2js3lkzAjWpD656NK7ZaJX';
      const whole = recorded(`album_find_${id}`);
      const rest = withTracks.filter((each) => path(each).includes(id) && marketOf(each) === market);
      // The album itself was not recorded for Spain: as it is everywhere it leads to the page that was.
      const asked = market === null ? whole : { ...whole, url: `${whole.url}?market=${market}` };
      const { replay, ask } = await start([asked, ...rest]);
      const pages = [
        json<RecordedAlbum>(whole).tracks,
        ...rest.map((each) => json<RecordedPage<RecordedTrack>>(each)),
      ];
      const tracks = pages.flatMap((page) => page?.items ?? []);
      expect(tracks).toHaveLength(69);
      expect(await ask(tracksOfAlbum, { id, market })).toEqual({
        album: {
          id,
          tracks: { totalCount: 69, nodes: tracks.map(trackOf(id)), pageInfo: { hasNextPage: false } },
        },
      });
      const named = market === null ? '' : `market=${market}`;
      expect(replay.calls()).toEqual([
        '200 token',
        `200 /albums/${id}${named && `?${named}`}`,
        `200 /albums/${id}/tracks?${named && `${named}&`}limit=50&offset=50`,
      ]);
    });
  });

  describe("an artist's albums", () => {
    for (const list of wholeLists) {
      describe(`${list.artistId}, ${list.groups}`, () => {
        test.each([1, 7, 10, 20, 50])('walked by %i: every album once, each page asked for once', (size) =>
          expectWalk(list, size, true),
        );

        test.each([1, 7, 10, 20, 50])('walked backward by %i: the same', (size) =>
          expectWalk(list, size, false),
        );
      });
    }

    test('what an album in a list of 2014 lacks comes from its full form, or is not there', async () => {
      const list = listOf('7Ln80lUS6He07XvHI8qqHH');
      const am = recorded('album_find_5bU1XKYxHhEwukllT20xtk__3_200');
      const { replay, ask } = await start([...list.pages, ...artistOf(list), am]);
      const full = json<RecordedAlbum>(am);
      expect(list.albums.map(({ id }) => id)).toContain(full.id);
      expect(await ask(albumsOfArtist, { id: list.artistId, first: 20 })).toEqual({
        artist: {
          albums: {
            totalCount: 148,
            edges: list.albums.map((each) => edge(each, each.id === full.id ? full : undefined)),
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

  test('what a track of 2014 says too little about, its album, comes from the full album', async () => {
    const am = recorded('album_find_5bU1XKYxHhEwukllT20xtk__3_200');
    const single = recorded('track_find_3jfr0TF6DQcOLat8gGn7E2');
    const { replay, ask } = await start([am, single]);
    const { id } = json<RecordedTrack>(single);
    const value = track(json(single), json(am));
    expect(value.album?.releaseDate).toEqual({ date: '2013-09-09', precision: 'DAY' });
    expect(await ask(plural('track'), { one: id, all: [id] })).toEqual({ one: value, all: [value] });
    expect(replay.calls()).toEqual(['200 token', `200 /tracks/${id}`, '200 /albums/5bU1XKYxHhEwukllT20xtk']);
  });

  test("an artist's top tracks and related artists have the recorded values", async () => {
    const id = '7Ln80lUS6He07XvHI8qqHH';
    const top = recorded(`artist_${id}_top_tracks_US`);
    const related = recorded(`artist_${id}_related_artists`);
    const { ask } = await start([recorded(`artist_find_${id}`), top, related]);
    const tracks = json<{ tracks: RecordedTrack[] }>(top).tracks;
    const artists = json<{ artists: RecordedArtist[] }>(related).artists;
    expect([tracks.length, artists.length]).toEqual([10, 20]);
    const document = `{ artist(id: "${id}") {
      topTracks(market: "US") { ${trackFields} }
      relatedArtists { ${artistFields} }
    } }`;
    expect(await ask(document)).toEqual({
      artist: { topTracks: tracks.map((each) => track(each)), relatedArtists: artists.map(artist) },
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
      const { replay, ask } = await start(pages);
      const q = parameter(first, 'q');
      const kind = parameter(first, 'type') as Kind;
      const results = pages.map((page) => json<Record<string, RecordedPage<object>>>(page)[`${kind}s`]);
      const items = results.flatMap((page) => page?.items ?? []);
      expect(await ask(documentOf(kind, items.length), { q })).toEqual({
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

    for (const search of searches.filter((each) => parameter(each, 'offset') === '0')) {
      test(`${search.name} finds what it found`, () => expectFinds([search]));
    }

    test('a window over two recorded pages finds what both found', () =>
      expectFinds(searches.filter((each) => parameter(each, 'q') === 'Arctic')));
  });

  test('a token that has expired, as recorded, is replaced once, and the album answered', async () => {
    const id = '5bU1XKYxHhEwukllT20xtk';
    const sequence = everything.filter(({ name }) => name.includes(`album_find_${id}__`));
    expect(sequence.map(({ status }) => status)).toEqual([401, 200, 200]);
    const { replay, ask } = await start(sequence);
    const value = album(json(recorded(`album_find_${id}__3_200`)));
    expect(await ask(plural('album'), { one: id, all: [id] })).toEqual({ one: value, all: [value] });
    expect(replay.calls()).toEqual(['200 token', `401 /albums/${id}`, '200 token', `200 /albums/${id}`]);
  });

  describe.concurrent('what is no longer fresh is asked for with its recorded ETag, and stays as it was', () => {
    const singles = recordingsAt(/^\/(artists|albums|tracks)\/\w{22}$/).filter(({ etag }) => etag !== null);

    async function expectUnchanged(
      recordings: readonly Recording[],
      {
        ttl,
        questions,
        askAll,
      }: { ttl: number; questions: string[]; askAll: (ask: Ask) => Promise<unknown> },
    ): Promise<void> {
      // Without batches, since only what was asked for alone has an ETag of its own.
      const { replay, ask } = await start(recordings, {
        batches: false,
        environment: { CACHE_TTL_SECONDS: `${ttl}` },
      });
      const first = await askAll(ask);
      const before = replay.calls().length;
      await sleep(ttl * 2_100);
      expect(await askAll(ask)).toEqual(first);
      const again = new Set(replay.calls().slice(before));
      expect([...again].toSorted()).toEqual(
        [...new Set(questions)].map((question) => `304 ${question}`).toSorted(),
      );
    }

    test.each([1, 0])('objects, fresh for %i s', (ttl) =>
      expectUnchanged(singles, {
        ttl,
        questions: singles.map((each) => path(each)),
        askAll: (ask) =>
          Promise.all(
            kindNames.map((kind) => {
              const ids = singles.flatMap((each) => objectsOf(kind, each)).map(({ id }) => id);
              return ask(plural(kind), { one: ids[0], all: ids });
            }),
          ),
      }),
    );

    test('lists, fresh for 1 s', () =>
      expectUnchanged([...singles, ...wholeLists.flatMap(({ pages }) => pages)], {
        ttl: 1,
        questions: wholeLists.flatMap((list) => [`/artists/${list.artistId}`, ...pagesAsked(list)]),
        askAll: (ask) =>
          Promise.all(
            wholeLists.map(({ artistId: id, groups }) => ask(albumsOfArtist, { id, groups, first: 100 })),
          ),
      }));

    test('finds, fresh for 0 s', () => {
      const gorillaz = recorded('search_artist_gorillaz_2');
      const q = parameter(gorillaz, 'q');
      const document = `query ($q: String!) { search(q: $q) { artists(first: 10) { nodes { ${artistFields} } } } }`;
      return expectUnchanged([gorillaz], {
        ttl: 0,
        questions: [`/search?q=${q}&type=artist&limit=10&offset=0`],
        askAll: (ask) => ask(document, { q }),
      });
    });
  });
});

const ofDevelopment = folder === null ? [] : readRecordings(folder, 'development');
const modes = ['development', 'auto'] as const;

describe.skipIf(folder === null).each(modes)(
  'real input of development mode, with SPOTIFY_QUOTA_MODE=%s',
  (mode) => {
    const at = (where: RegExp): Recording[] => ofDevelopment.filter((each) => where.test(path(each)));
    const isAuto = mode === 'auto';
    const startDevelopment = (recordings: readonly Recording[]) =>
      start(recordings, { development: true, environment: { SPOTIFY_QUOTA_MODE: mode } });
    /** Page sizes that are refused until the one that is allowed is found. */
    const refusedSizes = (list: string) => (isAuto ? [`400 ${list}&limit=50&offset=0`] : []);

    test('the recordings hold what the tests below are about', () => {
      const counts = kindNames.map((kind) => ofDevelopment.flatMap((each) => objectsOf(kind, each)).length);
      expect(counts).toEqual([10, 1, 8]);
      expect(at(/^\/search$/).map((each) => [parameter(each, 'type'), parameter(each, 'q')])).toEqual([
        ['artist', 'eminem'],
        ['album', 'remaster%20track:Porcelin%20artist:Mobey'],
        ['artist', 'Taylor Swift'],
        ['album', 'the eminem show'],
      ]);
      expect([at(/^\/artists\/\w+\/albums$/).length, at(/^\/albums\/\w+\/tracks$/).length]).toEqual([1, 1]);
    });

    for (const kind of kindNames) {
      for (const recording of ofDevelopment.filter((each) => objectsOf(kind, each).length > 0)) {
        test(`every ${kind} in ${recording.name} has the recorded values, and null for what was not sent`, async () => {
          const { replay, ask } = await startDevelopment([recording]);
          const objects = objectsOf(kind, recording);
          const ids = [...new Set(objects.map(({ id }) => id))];
          const all = ids.map((id) =>
            kinds[kind].expected(objects.find((each) => each.id === id)?.json ?? {}),
          );
          expect(await ask(plural(kind), { one: ids[0], all: ids })).toEqual({ one: all[0], all });
          const batch = isAuto && ids.length > 1 ? [`403 /${kind}s?ids=${ids.join(',')}`] : [];
          const singles = ids.map((id) => `200 /${kind}s/${id}`);
          expect(callsTo(`${kind}s`, replay)).toEqual([...singles, ...batch].toSorted());
        });
      }
    }

    for (const page of at(/^\/search$/)) {
      test(`${page.name} finds what it found`, async () => {
        const kind = parameter(page, 'type') as Kind;
        const q = parameter(page, 'q');
        const found = json<Record<string, RecordedPage<object>>>(page)[`${kind}s`];
        const { replay, ask } = await startDevelopment([page]);
        const items = found?.items ?? [];
        const fields = kind === 'album' ? briefAlbumFields : artistFields;
        const answer = await ask(
          `query ($q: String!) { search(q: $q, type: [${kind.toUpperCase()}]) {
          ${kind}s(first: ${items.length}) { totalCount nodes { ${fields} } pageInfo { hasNextPage } }
        } }`,
          { q },
        );
        const total = found?.total ?? 0;
        const nodes = items.map((each) =>
          kind === 'album' ? briefAlbum(each as RecordedAlbum) : artist(each as RecordedArtist),
        );
        expect(answer).toEqual({
          search: { [`${kind}s`]: { totalCount: total, nodes, pageInfo: { hasNextPage: total > 10 } } },
        });
        const list = `/search?q=${q}&type=${kind}`;
        expect(replay.calls()).toEqual(['200 token', ...refusedSizes(list), `200 ${list}&limit=10&offset=0`]);
      });
    }

    for (const page of at(/^\/artists\/\w+\/albums$/)) {
      test(`${page.name} is the artist's list`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const { items, total } = json<RecordedPage<RecordedAlbum>>(page);
        const artists = at(/^\/search$/).filter(({ text }) => text.includes(id));
        const { replay, ask } = await startDevelopment([page, ...artists]);
        const groups = parameter(page, 'include_groups').toUpperCase().split(',');
        expect(await ask(albumsOfArtist, { id, groups, first: items.length })).toEqual({
          artist: {
            albums: {
              totalCount: total,
              edges: items.map((each) => edge(each)),
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
            ...refusedSizes(list),
            `200 ${list}&limit=10&offset=0`,
          ].toSorted(),
        );
      });
    }

    for (const page of at(/^\/albums\/\w+\/tracks$/)) {
      test(`${page.name} is the album's list`, async () => {
        const id = path(page).split('/')[2] ?? '';
        const [whole] = at(new RegExp(`^/albums/${id}$`)) as [Recording];
        const bare = { ...whole, text: JSON.stringify({ ...json<object>(whole), tracks: undefined }) };
        const { items, total } = json<RecordedPage<RecordedTrack>>(page);
        const { replay, ask } = await startDevelopment([bare, page]);
        const document = `{ album(id: "${id}") { tracks(first: ${items.length}) { totalCount nodes { ${briefTrackFields} } } } }`;
        expect(await ask(document)).toEqual({
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
