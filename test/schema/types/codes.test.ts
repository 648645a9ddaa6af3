import { describe, expect, test } from 'vitest';
import { startGateway } from '../../support/gateway.ts';
import { fullTrack, plainId, plainPage } from '../../support/plain-objects.ts';
import {
  albums,
  catalogue,
  dataAndErrorCodes,
  dataOf,
  modes,
  startInMode,
  tracks,
  unavailableFields,
  withoutErrors,
} from '../../support/schema-tests.ts';
import { startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { generateTracks, searchPath } from '../../support/search.ts';

generateTracks();

const isrc = catalogue.track(tracks.explicit)?.isrc ?? '';
const upc = catalogue.album(albums.tracks55)?.upc ?? '';

describe.each(modes)('an app in %s mode', (mode) => {
  const limit = mode === 'extended' ? 50 : 10;

  test('a track is found by its ISRC with one call, in any spelling of the ISRC', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const spelled = `${isrc.slice(0, 2).toLowerCase()}-${isrc.slice(2, 5)}-${isrc.slice(5, 7)}-${isrc.slice(7)}`;
    const document = `{ a: trackByIsrc(isrc: "${isrc}") { id } b: trackByIsrc(isrc: " ${spelled} ") { id } }`;
    const track = { id: tracks.explicit };
    expect(await dataOf({ execute }, document)).toEqual({ a: track, b: track });
    expect(apiCalls()).toEqual([searchPath(`isrc:${isrc}`, 'track', limit)]);
  });

  test('an album is found by its UPC with one call, although Spotify sends no UPC in search results', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    expect(await dataOf({ execute }, `{ albumByUpc(upc: "${upc}") { id name } }`)).toEqual({
      albumByUpc: { id: albums.tracks55, name: catalogue.album(albums.tracks55)?.name },
    });
    expect(apiCalls()).toEqual([searchPath(`upc:${upc}`, 'album', limit)]);
  });

  test('a code that no track and no album has is null', async () => {
    const { execute } = await startInMode(mode);
    expect(
      await dataOf(
        { execute },
        '{ trackByIsrc(isrc: "QZZZZ0000000") { id } albumByUpc(upc: "000000000000") { id } }',
      ),
    ).toEqual({ trackByIsrc: null, albumByUpc: null });
  });

  test('each code costs one planned call, and a cached code costs no call', async () => {
    const { execute } = await startInMode(mode);
    const document = `{ trackByIsrc(isrc: "${isrc}") { name } albumByUpc(upc: "${upc}") { name } }`;
    expect((await execute(document)).extensions.spotify).toMatchObject({ plannedCalls: 2, actualCalls: 2 });
    expect((await execute(document)).extensions.spotify).toMatchObject({ actualCalls: 0 });
  });
});

test('a result with another code is no match', async () => {
  const { execute, sandbox } = await startInMode('extended');
  const edits = [{ path: 'tracks.items.0.external_ids.isrc', set: 'QZZZZ0000000' }];
  sandbox.faults.add({ fault: { kind: 'edit', edits } });
  expect(await dataOf({ execute }, `{ trackByIsrc(isrc: "${isrc}") { id } }`)).toEqual({ trackByIsrc: null });
});

test('a result with the code is preferred to earlier results whose codes Spotify does not send', async () => {
  const [without, other, match] = [1, 2, 3].map((n) => fullTrack(plainId(n)));
  const items = [
    { ...without, external_ids: {} },
    { ...other, external_ids: { isrc: 'QZZZZ0000000' } },
    { ...match, external_ids: { isrc } },
  ];
  const find = async (found: object[]) => {
    const upstream = await startScriptedUpstream([
      { path: '^/search$', body: { tracks: plainPage(found, { limit: 10, total: 3 }) } },
    ]);
    const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });
    const response = dataAndErrorCodes(await gateway.execute(`{ trackByIsrc(isrc: "${isrc}") { id } }`));
    expect(upstream.calls()).toHaveLength(1);
    return response;
  };
  expect(await find(items)).toEqual(withoutErrors({ trackByIsrc: { id: plainId(3) } }));
  expect(await find(items.slice(0, 2))).toEqual(withoutErrors({ trackByIsrc: { id: plainId(1) } }));
});

test('the market of a search by a code holds for the fields of the found track', async () => {
  const { execute } = await startInMode('extended');
  expect(await dataOf({ execute }, `{ trackByIsrc(isrc: "${isrc}", market: "DE") { isPlayable } }`)).toEqual({
    trackByIsrc: { isPlayable: true },
  });
});

test('a code of another form is BAD_USER_INPUT without a call', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const document = `{
    a: trackByIsrc(isrc: "QZ") { id } b: trackByIsrc(isrc: "${isrc} artist:x") { id }
    c: albumByUpc(upc: "12345") { id } d: albumByUpc(upc: "12345678901x") { id }
  }`;
  expect(dataAndErrorCodes(await execute(document))).toEqual({
    data: { a: null, b: null, c: null, d: null },
    errors: ['a', 'b', 'c', 'd'].map((path) => [path, 'BAD_USER_INPUT']),
  });
  expect(apiCalls()).toEqual([]);
});

test('a search whose only result is not as documented is an error, with an entry in `unavailable`', async () => {
  const { execute, sandbox } = await startInMode('development');
  sandbox.faults.add({
    on: { route: 'search' },
    fault: { kind: 'edit', edits: [{ path: 'tracks.items', set: [7] }] },
  });
  const response = await execute<object, object>(`{ trackByIsrc(isrc: "${isrc}") { id } }`);
  expect(dataAndErrorCodes(response)).toEqual({
    data: { trackByIsrc: null },
    errors: [['trackByIsrc', 'UPSTREAM_BAD_RESPONSE']],
  });
  expect(unavailableFields(response)).toEqual(['Query.trackByIsrc at trackByIsrc: MALFORMED']);
});
