import { describe, expect, onTestFinished, test } from 'vitest';
import { type Fault, startSandbox } from '../../../../src/sandbox/index.ts';
import { startClock } from '../../../support/clock.ts';
import {
  albums,
  artistError,
  artistQuery,
  artistResult,
  artists,
  catalogue,
  dataAndErrorCodes,
  errorResponse,
  firstGapMs,
  startInMode,
  withFault,
  withoutErrors,
} from '../../../support/schema-tests.ts';

/** The outcome of one call for each status. Other tests are about concurrent calls. */

test('concurrent calls that are rejected with a Retry-After of 0 cause a back-off when no retry is left', async () => {
  const { execute, sandbox, apiCalls } = await startInMode('development');
  sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 0 } });
  const ids = catalogue.artists().map(({ id }) => id);
  const read = (from: number) =>
    Promise.all(ids.slice(from, from + 5).map((id) => execute(`{ artist(id: "${id}") { name } }`)));
  await read(0);
  const sent = apiCalls().length;
  expect(sent).toBeLessThanOrEqual(5 + 3); // three retries are always allowed
  for (const { errors } of await read(5))
    expect(errors[0]?.extensions).toEqual({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfter: expect.toSatisfy((seconds) => seconds >= 3 && seconds <= 5),
    });
  expect(apiCalls()).toHaveLength(sent);
});

describe('an error status of Spotify', () => {
  test('a 404 by id is null without an error, and is cached for a while', async () => {
    const { execute, apiCalls } = await withFault(errorResponse(404));
    for (let time = 0; time < 3; time++)
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(withoutErrors({ artist: null }));
    expect(apiCalls()).toHaveLength(1);
  });

  test.each([
    [400, 'UPSTREAM_BAD_RESPONSE'],
    [403, 'UPSTREAM_FORBIDDEN'],
    [409, 'UPSTREAM_BAD_RESPONSE'],
    [410, 'UPSTREAM_BAD_RESPONSE'],
    [418, 'UPSTREAM_BAD_RESPONSE'],
    [451, 'UPSTREAM_BAD_RESPONSE'],
    [499, 'UPSTREAM_BAD_RESPONSE'],
    [201, 'UPSTREAM_BAD_RESPONSE'],
    [206, 'UPSTREAM_BAD_RESPONSE'],
    [300, 'UPSTREAM_BAD_RESPONSE'],
  ])(
    'a %i is final: the gateway sends one call, keeps the token, and does not show the body in the message (%s)',
    async (status, code) => {
      for (const fault of [
        errorResponse(status),
        { kind: 'answer', status, text: '<html>words</html>' } as const,
      ]) {
        const { execute, apiCalls, tokenCalls } = await withFault(fault);
        const { data, errors } = await execute(artistQuery);
        expect({ data, errors: errors.map(({ path, extensions }) => [path, extensions]) }).toEqual({
          data: { artist: null },
          errors: [[['artist'], { code }]],
        });
        expect(errors[0]?.message).not.toContain('words');
        expect([apiCalls().length, tokenCalls()]).toEqual([1, 1]);
      }
    },
  );

  test.each(['json', 'text'] as const)(
    'a 403 about a lapsed Premium subscription is UPSTREAM_FORBIDDEN and no capability is learned from it (%s)',
    async (form) => {
      const clock = startClock();
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      const undo = sandbox.faults.add({ fault: { kind: 'premium-lapsed', form } });
      const document = `{ artist(id: "${artists.bts}") { topTracks { id } relatedArtists { id } }
      albums(ids: ["${albums.tracks1}", "${albums.tracks20}"]) { name } }`;
      const { data, errors } = await execute(document);
      expect(data).toEqual({ artist: null, albums: [null, null] });
      expect(new Set(errors.map(({ extensions }) => extensions?.['code']))).toEqual(
        new Set(['UPSTREAM_FORBIDDEN']),
      );

      undo();
      await clock.pass(61);
      sandbox.clearCalls();
      const response = await execute(document);
      expect(dataAndErrorCodes(response)).toEqual(
        withoutErrors({
          artist: {
            topTracks: catalogue.topTracksOf(artists.bts).map(({ id }) => ({ id })),
            relatedArtists: catalogue.relatedTo(artists.bts).map(({ id }) => ({ id })),
          },
          albums: [{ name: 'Single Lantern' }, { name: 'Twenty Rooms' }],
        }),
      );
      expect(apiCalls()).toContain(`/albums?ids=${albums.tracks1}%2C${albums.tracks20}`);
    },
  );

  test.each([301, 302, 303, 307, 308])(
    'a redirect %i to another host is not followed, and that host gets no request',
    async (status) => {
      const otherHost = await startSandbox({ catalogue });
      onTestFinished(otherHost.close);
      const { execute, apiCalls } = await withFault({
        kind: 'redirect',
        status,
        to: `${otherHost.apiUrl}/artists/${artists.bts}`,
      });
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_BAD_RESPONSE'));
      expect(apiCalls()).toHaveLength(1);
      expect(otherHost.calls()).toEqual([]);
    },
  );
});

describe('a 404 without a message of Spotify', () => {
  const withoutMessage: [string, Fault][] = [
    ['is empty', { kind: 'answer', status: 404 }],
    ['is HTML', { kind: 'answer', status: 404, text: '<html>words</html>' }],
    ['is a JSON error without a message', { kind: 'answer', status: 404, json: { error: { status: 404 } } }],
    ['is the text `Not Found`', { kind: 'answer', status: 404, text: 'Not Found' }],
    ['is a JSON error that is a text', { kind: 'answer', status: 404, json: { error: 'Not found' } }],
  ];
  const reads: [string, string, object][] = [
    ['an artist', artistQuery, { artist: { name: 'BTS' } }],
    ['an album', `{ album(id: "${albums.tracks1}") { name } }`, { album: { name: 'Single Lantern' } }],
    [
      'a search',
      `{ search(q: "BTS") { artists(first: 1) { nodes { name } } } }`,
      { search: { artists: { nodes: [{ name: 'BTS' }] } } },
    ],
  ];

  test.each(
    withoutMessage.flatMap(([form, fault]) => reads.map((read) => [read[0], form, fault, read] as const)),
  )(
    'a single 404 to %s without a message of Spotify, which %s, is retried, and the client sees no error',
    async (_kind, _form, fault, [, document, data]) => {
      const { execute, apiCalls } = await withFault(fault, 1);
      expect(dataAndErrorCodes(await execute(document))).toEqual(withoutErrors(data));
      expect(apiCalls()).toHaveLength(2);
    },
  );

  test.each(withoutMessage)(
    'a repeated 404 without a message, which %s, is an error after three attempts, and is not cached as absence',
    async (_, fault) => {
      const { execute, apiCalls } = await withFault(fault, 3);
      const { data, errors } = await execute(artistQuery);
      expect({ data, errors: errors.map(({ path, extensions }) => [path, extensions]) }).toEqual({
        data: { artist: null },
        errors: [[['artist'], { code: 'UPSTREAM_BAD_RESPONSE' }]],
      });
      expect(errors[0]?.message).not.toContain('words');
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
      expect(apiCalls()).toHaveLength(4);
    },
  );
});

describe('a 5xx', () => {
  test.each([500, 501, 502, 503, 504, 505, 599, 408, 425])(
    'a %i has three attempts, and the message does not contain the body',
    async (status) => {
      const html = {
        kind: 'answer',
        status,
        text: '<html>words</html>',
        headers: { 'content-type': 'text/html' },
      } as const;
      for (const fault of [errorResponse(status, 'words'), html]) {
        const { execute, apiCalls } = await withFault(fault);
        const { data, errors } = await execute(artistQuery);
        expect({ data, errors: errors.map(({ path, extensions }) => [path, extensions]) }).toEqual({
          data: { artist: null },
          errors: [[['artist'], { code: 'UPSTREAM_UNAVAILABLE' }]],
        });
        expect(errors[0]?.message).not.toContain('words');
        expect(apiCalls()).toHaveLength(3);
      }
    },
  );

  test.each([1, 2])(
    'a 5xx that comes %i times before a response is not seen by the client',
    async (times) => {
      const { execute, apiCalls, tokenCalls } = await withFault(errorResponse(502), times);
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
      expect([apiCalls().length, tokenCalls()]).toEqual([times + 1, 1]);
    },
  );

  test('a 5xx with a Retry-After is retried after a short wait, and reported at once if the wait is long', async () => {
    const busy = (seconds: number): Fault => ({
      kind: 'answer',
      status: 503,
      headers: { 'retry-after': `${seconds}` },
    });
    const short = await withFault(busy(1), 1);
    expect(dataAndErrorCodes(await short.execute(artistQuery))).toEqual(artistResult);
    expect(firstGapMs(short)).toBeGreaterThanOrEqual(1_000);

    const long = await withFault(busy(30), 1);
    for (let time = 0; time < 2; time++) {
      expect(dataAndErrorCodes(await long.execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
    }
    expect(long.apiCalls()).toHaveLength(1);
  });

  test('a 5xx is replaced by the stale cache entry, which the response lists', async () => {
    const { execute, sandbox } = await startInMode('development', { CACHE_TTL_SECONDS: '0' });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ fault: errorResponse(500) });
    const stale = await execute(artistQuery);
    expect(dataAndErrorCodes(stale)).toEqual(artistResult);
    expect(stale.extensions.spotify?.stale).toEqual([
      { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_UNAVAILABLE' },
    ]);
  });
});
