import { expect } from 'vitest';
import type { Edit, FaultRule } from '../../src/sandbox/index.ts';
import type { FaultCase, Step, StepResult } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import {
  album,
  albumId,
  albums,
  artist,
  artistAlbums,
  artistId,
  artists,
  catalogue,
  fixtures,
  type Operation,
  range,
  search,
  track,
  trackId,
  tracks,
} from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { only } from '../support/fault-steps.ts';
import { startForeignHost } from '../support/foreign-host.ts';

const bts = fixtures.artists.bts;

const edited = (...edits: Edit[]) => only({ kind: 'edit', edits });

const replying = (text: string, type: string | null = 'application/json') =>
  only({ kind: 'answer', text, headers: { 'content-type': type } });

/** One step for each value. docs/faults.md shows only the first. */
const stepsFor = <T>(list: readonly T[], step: (one: T, i: number) => Step): Step[] =>
  list.map((one, i) => ({ ...step(one, i), aside: i > 0 }));

const bad = { client: 'UPSTREAM_BAD_RESPONSE', withinMs: 500, api: 1 } as const;

const custom = (query: string, variables: Record<string, unknown>, truth: unknown): Operation => ({
  kind: 'artist',
  query,
  variables,
  truth,
});

const albumsIn = ([outcome]: readonly Outcome[]): { nodes: unknown[] } | null =>
  (outcome?.data as { artist: { albums: { nodes: unknown[] } | null } } | undefined)?.artist.albums ?? null;

/** Reads the first albums of BTS, of which the fourth is malformed. */
const siblings = (edits: readonly Edit[]): Step => ({
  arrange: only({ kind: 'edit', edits }, { on: { route: 'artists/albums' } }),
  execute: artistAlbums(bts),
  client: 'UPSTREAM_BAD_RESPONSE',
  api: 2,
  check({ outcomes }) {
    const [outcome] = outcomes;
    expect(albumsIn(outcomes)?.nodes.map((node) => node === null)).toEqual(range(10).map((i) => i === 3));
    expect(outcome?.errors.map(({ path }) => path)).toEqual([['artist', 'albums', 'nodes', 3]]);
  },
  says: { client: 'its siblings intact' },
});

const required: readonly (readonly Edit[])[] = [
  [{ path: 'id', set: 7 }],
  [{ path: 'id', remove: true }],
  [{ path: 'id', set: '' }],
  [{ path: 'id', set: '../me' }],
  [{ path: 'name', set: null }],
  [{ path: 'name', remove: true }],
];

const optional: readonly Edit[] = [
  { path: 'images', set: {} },
  { path: 'images.0', set: 7 },
  { path: 'genres', set: 'pop' },
  { path: 'followers', set: 12 },
  { path: 'popularity', set: '77' },
  { path: 'popularity', set: 1e12 },
  { path: 'popularity', set: -1 },
  { path: 'external_urls', set: 'https://open.spotify.com' },
];

const wholeArtist = (id: string) => {
  const { name, images = [], genres, followers, popularity } = catalogue.artist(id) ?? {};
  return custom(
    'query ($id: ID!) { artist(id: $id) { id name genres images { width height } followers { total } popularity externalUrl } }',
    { id },
    {
      artist: {
        ...{ id, name, genres, popularity, followers: { total: followers } },
        images: images.map(({ width, height }) => ({ width, height })),
        externalUrl: `https://open.spotify.com/artist/${id}`,
      },
    },
  );
};

const everythingOfAnArtist = (id: string) =>
  custom(
    'query ($id: ID!) { artist(id: $id) { id name genres images { width height } followers { total } popularity externalUrl } }',
    { id },
    {
      artist: {
        id,
        name: catalogue.artist(id)?.name,
        genres: null,
        images: null,
        followers: null,
        popularity: null,
        externalUrl: null,
      },
    },
  );

const everythingOfAnAlbum = (id: string) =>
  custom(
    `query ($id: ID!) { album(id: $id) {
      id name label popularity genres copyrights { text } releaseDate { date } images { url } artists { id }
      externalIds { upc } externalUrl restrictions { reason } isPlayable } }`,
    { id },
    {
      album: {
        id,
        name: catalogue.album(id)?.name,
        ...Object.fromEntries(
          ['label', 'popularity', 'genres', 'copyrights', 'releaseDate', 'images', 'artists', 'externalIds']
            .concat('externalUrl', 'restrictions', 'isPlayable')
            .map((name) => [name, null]),
        ),
      },
    },
  );

const removed = (...paths: string[]): Edit[] => paths.map((path) => ({ path, remove: true }));

const enums = (id: string) =>
  custom(
    'query ($id: ID!) { album(id: $id) { id albumType releaseDate { precision } copyrights { type } restrictions { reason } } }',
    { id },
    {
      album: {
        id,
        albumType: 'OTHER',
        releaseDate: { precision: 'OTHER' },
        copyrights: [{ type: 'OTHER' }, { type: 'P' }],
        restrictions: { reason: 'OTHER' },
      },
    },
  );

const dangerous = [
  'javascript:alert(1)',
  'file:///etc/passwd',
  '',
  'data:text/html,x',
  '//evil.test/x',
  7,
  {},
];

const goodUrl = 'https://i.scdn.co/image/a';
const withUrl = (url: unknown) =>
  edited(
    { path: 'images', set: [url, goodUrl].map((imageUrl) => ({ url: imageUrl, width: 1, height: 1 })) },
    { path: 'external_urls.spotify', set: url },
  );

const urls = (id: string, url: string | null) =>
  custom(
    'query ($id: ID!) { artist(id: $id) { id externalUrl images { url } } }',
    { id },
    {
      artist: {
        id,
        externalUrl: url,
        images: [{ url }, { url: goodUrl }],
      },
    },
  );

const artistsWithImages = catalogue.artists().filter(({ images }) => images.length > 1);
const idWithImages = (i: number): string => artistsWithImages[i % artistsWithImages.length]?.id ?? '';

const extended = { sandbox: { quotaMode: 'extended' } } as const;

const misbatched = (
  id: string,
  fault: string,
  batch: Omit<Extract<FaultRule['fault'], { kind: 'batch' }>, 'kind'>,
  { promise, ...step }: Omit<Step, 'execute' | 'arrange'> & { promise: string },
  operations = [
    artists(range(6).map(artistId)),
    albums(range(6).map(albumId)),
    tracks(range(6, 10).map(trackId)),
  ],
): FaultCase => ({
  id,
  fault: `batch response ${fault}`,
  promise,
  ...extended,
  allow: { nullIsTrue: true },
  steps: stepsFor(operations, (operation) => ({
    arrange: only({ kind: 'batch', ...batch }, { on: { batch: true } }),
    execute: operation,
    ...step,
  })),
});

/** Checks which entries of a plural field are null. */
const nullsAt =
  (nulls: readonly number[]) =>
  ({ outcomes }: StepResult): void => {
    const [list] = Object.values(outcomes[0]?.data as Record<string, unknown[]>);
    expect(list?.flatMap((entry, i) => (entry === null ? [i] : []))).toEqual(nulls);
  };

/** Artists and albums always have the requested id, so wrong order can be detected. Relinked tracks have another id. */
const neverRelinked = [artists(range(6).map(artistId)), albums(range(6).map(albumId))];

const emptyProto = (): void => {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.prototype).not.toHaveProperty('polluted');
};

faultSuite('M', 'Malformed payloads', [
  {
    id: 'M1',
    fault: '200 with an HTML page',
    promise: 'an HTML page is an error, and its text reaches no client',
    steps: stepsFor([artist(1), search('amber'), track(1)], (operation) => ({
      arrange: replying('<html><h1>Welcome to the hotel</h1></html>', 'text/html'),
      execute: operation,
      ...bad,
      check: ({ outcomes, testEnvironment }) =>
        expect([...outcomes.map(({ text }) => text), ...testEnvironment.log()].join()).not.toContain('hotel'),
    })),
  },
  {
    id: 'M2',
    fault: '200 with broken JSON, nothing, `null`, `[]`, `"x"`, `7`, `true`; 204',
    promise: 'a response that is not an object of Spotify is an error, and is not requested again',
    steps: [
      ...stepsFor(['{"id": "4', '', 'null', '[]', '"x"', '7', 'true', '{}', 'NaN', '\u0000'], (text, i) => ({
        arrange: replying(text),
        execute: artist(i),
        ...bad,
      })),
      {
        arrange: only({ kind: 'answer', status: 204, headers: { 'content-type': null } }),
        execute: artist(30),
        ...bad,
        aside: true,
      },
    ],
  },
  {
    id: 'M2-list',
    fault: 'a list and a search that are not as documented',
    promise: 'a malformed list is an error of that list',
    warm: [artist(bts)],
    steps: stepsFor(
      ['null', '[]', '{}', '{"items": []}', '{"items": null, "limit": 10, "offset": 0, "total": 1}'],
      (text) => ({
        async arrange(testEnvironment) {
          await replying(text)(testEnvironment);
        },
        execute: [artistAlbums(bts), search('amber')],
        client: 'UPSTREAM_BAD_RESPONSE',
        api: 2,
      }),
    ),
  },
  {
    id: 'M3',
    fault: 'a required field missing or of a wrong type',
    promise: 'an object that is not as documented is null with an error',
    ...extended,
    steps: stepsFor(required, (edits, i) => ({ arrange: edited(...edits), execute: artist(i), ...bad })),
  },
  {
    id: 'M3-part',
    fault: 'a part that is not as documented (images, followers, popularity, a link)',
    promise: 'a part that is not as documented is null with an error of its own, and its object stays',
    ...extended,
    steps: stepsFor(optional, (edit, i) => ({
      arrange: edited(edit),
      execute: wholeArtist(idWithImages(i)),
      ...bad,
      check: ({ outcomes }: StepResult) => {
        const [outcome] = outcomes;
        expect(outcome?.data).toMatchObject({ artist: { id: idWithImages(i) } });
        expect(outcome?.errors).toHaveLength(1);
        expect(outcome?.errors[0]?.path?.length).toBeGreaterThan(1);
      },
      says: { client: 'for that part' },
    })),
  },
  {
    id: 'M3-list',
    fault: 'an object of a list that is not as documented',
    promise: 'an object that is not as documented does not affect its siblings',
    steps: [
      siblings([{ path: 'items.3.id', set: 7 }]),
      ...[
        [{ path: 'items.3.name', set: null }],
        [{ path: 'items.3', set: 'x' }],
        [{ path: 'items.3', set: [] }],
      ].map((edits) => ({ ...siblings(edits), arrange: freshList(edits), aside: true })),
    ],
  },
  {
    id: 'M3-kept',
    fault: 'the same, once',
    promise: 'an object that is not as documented is not cached',
    steps: [
      siblings([{ path: 'items.3.name', set: null }]),
      { arrange: ({ lift }) => lift(), execute: artistAlbums(bts), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'M4',
    fault: 'optional fields missing (popularity, followers, label, images, …)',
    promise: 'an optional field that is missing is null without an error',
    ...extended,
    steps: [
      {
        arrange: edited(...removed('genres', 'images', 'followers', 'popularity', 'external_urls')),
        execute: everythingOfAnArtist(artistId(1)),
        client: 'ok',
        api: 1,
      },
      {
        arrange: edited(
          ...removed('label', 'popularity', 'genres', 'copyrights', 'release_date', 'images', 'artists'),
          ...removed('external_ids', 'external_urls', 'available_markets', 'release_date_precision'),
        ),
        execute: everythingOfAnAlbum(albumId(1)),
        client: 'ok',
        api: 1,
        aside: true,
      },
    ],
  },
  {
    id: 'M4-null',
    fault: 'optional fields that are null',
    promise: 'an optional field that is null is null without an error',
    ...extended,
    steps: [
      {
        arrange: edited(
          ...['genres', 'images', 'followers', 'popularity', 'external_urls'].map((path) => ({
            path,
            set: null,
          })),
        ),
        execute: everythingOfAnArtist(artistId(1)),
        client: 'ok',
        api: 1,
      },
    ],
  },
  {
    id: 'M5',
    fault: 'unknown values of enums (`album_type: "ep"`), unknown fields',
    promise: 'an unknown enum value is OTHER, and an unknown field is ignored',
    ...extended,
    steps: [
      {
        arrange: edited(
          { path: 'album_type', set: 'ep' },
          { path: 'release_date_precision', set: 'decade' },
          { path: 'copyrights.0.type', set: 'X' },
          { path: 'restrictions', set: { reason: 'lunar-eclipse' } },
          { path: 'brand_new', set: { of: ['2027'] } },
        ),
        execute: enums(albumId(2)),
        client: 'ok',
        api: 1,
        says: { client: 'OTHER' },
      },
    ],
  },
  {
    id: 'M6',
    fault: 'invalid totals: −1, 10²⁰, 1.5, "104"',
    promise: 'a total that is not as documented loses no item',
    warm: [artist(bts)],
    steps: stepsFor([-1, 1e20, 1.5, '104'], (total) => ({
      arrange: edited({ path: 'total', set: total }),
      execute: artistAlbums(bts),
      client: 'UPSTREAM_BAD_RESPONSE',
      check: ({ outcomes }) => expect(albumsIn(outcomes)?.nodes.every(Boolean)).toBe(true),
    })),
  },
  {
    id: 'M6-size',
    fault: 'a page size of −1, null or 0, or no offset',
    promise: 'a page without a usable size or offset is the page that was requested',
    warm: [artist(bts)],
    steps: stepsFor(
      [
        { path: 'limit', set: -1 },
        { path: 'limit', set: null },
        { path: 'limit', set: 0 },
        { path: 'offset', set: null },
      ],
      (edit) => ({ arrange: edited(edit), execute: artistAlbums(bts), client: 'ok' }),
    ),
  },
  {
    id: 'M6-offset',
    fault: 'another page than was requested, once',
    promise: 'a page other than the requested one is an error, and is not cached',
    warm: [artist(bts)],
    steps: [
      {
        arrange: only({ kind: 'edit', edits: [{ path: 'offset', set: 5 }] }, { times: 1 }),
        execute: artistAlbums(bts),
        ...bad,
      },
      { execute: artistAlbums(bts), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'M6-more',
    fault: 'a page that states `limit: 1000000`, once',
    promise: 'a page with a limit above the requested one hides no item after it',
    warm: [artist(bts)],
    steps: [
      {
        arrange: only({ kind: 'edit', edits: [{ path: 'limit', set: 1_000_000 }] }, { times: 1 }),
        execute: artistAlbums(bts, { first: 20 }),
        client: 'ok',
        api: 2,
        check: ({ outcomes }) => expect(albumsIn(outcomes)?.nodes).toHaveLength(20),
      },
    ],
  },
  {
    id: 'M7',
    fault: 'keys `__proto__` and `constructor`',
    promise: 'no key of a response reaches a prototype',
    steps: stepsFor(
      [
        { path: '__proto__', set: { polluted: true } },
        { path: 'constructor', set: { prototype: { polluted: true } } },
        { path: 'images.0.__proto__', set: { polluted: true } },
      ],
      (edit, i) => ({ arrange: edited(edit), execute: artist(i), client: 'ok', api: 1, check: emptyProto }),
    ),
  },
  {
    id: 'M8',
    fault:
      'JSON nested 100,000 levels deep, in place of a response and inside one; then 40 levels inside one',
    promise: 'a response that is nested far deeper than Spotify’s is rejected before it is parsed',
    steps: [
      { arrange: replying('['.repeat(100_000) + ']'.repeat(100_000)), execute: artist(1), ...bad },
      { arrange: replying('{"a":'.repeat(50_000)), execute: artist(2), ...bad, aside: true },
      { arrange: deepInside(100_000), execute: artist(3), ...bad, aside: true },
      { arrange: deepInside(40), execute: artist(3), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'M9',
    fault: 'another artist, album or track than was requested',
    promise: 'no object is returned for the id of another one',
    steps: [
      { arrange: edited({ path: 'id', set: artistId(5) }), execute: artist(4), ...bad },
      { arrange: edited({ path: 'id', set: albumId(5) }), execute: album(4), ...bad, aside: true },
    ],
  },
  {
    id: 'M9-type',
    fault: 'an album where an artist was requested',
    promise: 'no album is returned as an artist',
    steps: [{ arrange: edited({ path: 'type', set: 'album' }), execute: artist(4), ...bad }],
  },
  misbatched(
    'M10',
    'in reverse order',
    { reverse: true },
    {
      promise: 'no object of a batch is returned for the id of another one',
      client: 'UPSTREAM_BAD_RESPONSE',
      api: 1,
      check: nullsAt(range(6)),
    },
    neverRelinked,
  ),
  misbatched(
    'M10-short',
    'cut short',
    { keep: 3 },
    {
      promise: 'a batch response with fewer entries than ids is not used: the ids are read one by one',
      client: 'ok',
      api: { atMost: 7 },
      check: nullsAt([]),
    },
  ),
  misbatched(
    'M10-null',
    'with nulls',
    { nulls: [1, 3] },
    {
      promise: 'an id for which a batch response has null is null',
      client: 'ok',
      api: 1,
      check: nullsAt([1, 3]),
      says: { client: 'null for missing objects' },
    },
  ),
  misbatched(
    'M10-twice',
    'with an entry twice',
    { repeats: [2] },
    {
      promise: 'no object of a batch is returned in the place of another one',
      client: 'UPSTREAM_BAD_RESPONSE',
      api: 1,
      check: nullsAt([2]),
    },
    neverRelinked,
  ),
  {
    id: 'M10-none',
    fault: 'batch response that is empty, no list, or without the key',
    promise: 'a batch response without its list is not used: the ids are read one by one',
    ...extended,
    steps: stepsFor(['{}', '{"artists": []}', '{"artists": {}}', '{"artists": null}', '[]'], (text, i) => ({
      arrange: only({ kind: 'answer', text, headers: { 'content-type': 'application/json' } }, { times: 1 }),
      execute: artists(range(3).map((n) => artistId(3 * i + n))),
      client: 'ok',
      api: 4,
      check: nullsAt([]),
    })),
  },
  {
    id: 'M10-bad',
    fault: 'batch response with one object that is not as documented',
    promise: 'one malformed object of a batch is one error',
    ...extended,
    steps: [
      {
        arrange: edited({ path: 'artists.2.name', set: 7 }),
        execute: artists(range(5).map(artistId)),
        client: 'UPSTREAM_BAD_RESPONSE',
        api: 1,
        check: ({ outcomes }: StepResult) =>
          expect(outcomes[0]?.errors.map(({ path }) => path)).toEqual([['artists', 2]]),
        says: { client: 'for that one' },
      },
    ],
  },
  {
    id: 'M11',
    fault: 'URLs that are `javascript:`, `file:`, `data:`, without a scheme, empty, or no text',
    promise: 'links are http or https only',
    steps: [
      ...stepsFor(dangerous, (url, i) => ({
        arrange: withUrl(url),
        execute: urls(idWithImages(i), null),
        client: 'UPSTREAM_BAD_RESPONSE',
        api: 1,
        check: ({ outcomes }: StepResult) =>
          expect(outcomes[0]?.errors.map(({ path }) => path)).toEqual([
            ['artist', 'externalUrl'],
            ['artist', 'images', 0, 'url'],
          ]),
        says: { client: 'for that URL' },
      })),
      {
        arrange: withUrl('HTTPS://i.scdn.co/a'),
        execute: urls(idWithImages(20), 'HTTPS://i.scdn.co/a'),
        client: 'ok',
        aside: true,
      },
    ],
  },
  {
    id: 'M12',
    fault: '`next`, `previous`, `href` and `uri` that lead to another host',
    promise: 'no URL in a response is followed',
    steps: [
      {
        async arrange(testEnvironment) {
          const { origin, calls } = await startForeignHost(testEnvironment);
          await edited(
            ...['next', 'previous', 'href', 'items.0.href', 'items.0.uri'].map((path) => ({
              path,
              set: `${origin}/v1/artists/${bts}/albums?offset=10&limit=10`,
            })),
          )(testEnvironment);
          testEnvironment.defer(() => expect(calls()).toBe(0));
        },
        execute: artistAlbums(bts, { first: 30 }),
        client: 'ok',
        api: 4,
        says: { spotify: 'the other host 0' },
      },
    ],
  },
  {
    id: 'M13',
    fault: 'content-encoding gzip, but the body is not gzip',
    promise: 'a body that cannot be decompressed is an error',
    steps: [
      {
        arrange: only({
          kind: 'answer',
          text: JSON.stringify({ id: artistId(1), name: 'Nobody' }),
          headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
        }),
        execute: artist(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_000,
        api: 3,
      },
    ],
  },
  {
    id: 'M14',
    fault: 'a token, a secret and an address in the error body of Spotify',
    promise: 'the text of Spotify’s errors reaches no client',
    steps: stepsFor([400, 403, 409, 429, 500], (status) => ({
      arrange: only({
        kind: 'answer',
        status,
        json: { error: { status, message: 'token BQcanary refused for redis://:pw@hotel' } },
      }),
      execute: track(status),
      check: ({ outcomes, testEnvironment }) =>
        expect([...outcomes.map(({ text }) => text), ...testEnvironment.log()].join()).not.toMatch(
          /hotel|BQcanary/,
        ),
      says: { client: 'an error code, without that text' },
    })),
    shutMs: 6_000,
  },
]);

/** Restarts the gateway, because the list is cached by then. */
function freshList(edits: readonly Edit[]) {
  return async (testEnvironment: TestEnvironment) => {
    await testEnvironment.restart();
    await only({ kind: 'edit', edits }, { on: { route: 'artists/albums' } })(testEnvironment);
  };
}

/** A valid artist with one deeply nested unknown field. */
function deepInside(levels: number): (testEnvironment: TestEnvironment) => Promise<void> {
  const { id, name, genres } = catalogue.artist(artistId(3)) ?? {};
  const deep = '['.repeat(levels) + ']'.repeat(levels);
  return replying(
    JSON.stringify({ id, name, genres, type: 'artist', deep: null }).replace('null}', `${deep}}`),
  );
}
