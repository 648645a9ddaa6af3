import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../../src/sandbox/index.ts';
import { startClock } from '../../../support/clock.ts';
import {
  albums,
  artistError,
  artistQuery,
  artistResult,
  catalogue,
  dataAndErrorCodes,
  errorResponse,
  jsonList,
  playlists,
  startInMode,
  withFault,
  withoutErrors,
} from '../../../support/schema-tests.ts';

describe('a 401', () => {
  test('a 401 about the token fetches one new token and repeats the call once', async () => {
    for (const reason of ['expired', 'invalid'] as const) {
      const { execute, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason }, 1);
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
      expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
    }
  });

  test('a 401 of a token that expired early is repaired, and the client sees no error', async () => {
    const { execute, sandbox } = await startInMode('development');
    await execute(artistQuery);
    sandbox.expireTokens();
    sandbox.clearCalls();
    expect(dataAndErrorCodes(await execute(`{ album(id: "${albums.tracks1}") { name } }`))).toEqual(
      withoutErrors({ album: { name: 'Single Lantern' } }),
    );
    expect(sandbox.calls().map(({ kind, status }) => [kind, status])).toEqual([
      ['api', 401],
      ['token', 200],
      ['api', 200],
    ]);
  });

  test('a 401 of many concurrent calls, one of them late, is repaired by one new token', async () => {
    const { execute, sandbox } = await startInMode('development', { UPSTREAM_CONCURRENCY: '20' });
    await execute(artistQuery);
    const ids = catalogue
      .artists()
      .slice(1, 21)
      .map(({ id }) => id);
    sandbox.expireTokens();
    sandbox.faults.add({ on: { path: `/artists/${ids[7]}` }, times: 1, fault: { kind: 'delay', ms: 300 } });
    sandbox.clearCalls();
    const document = `{ artists(ids: ${jsonList(ids)}) { id } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({ artists: ids.map((id) => ({ id })) }),
    );
    const statuses = sandbox.calls().map(({ kind, status }) => `${kind} ${status}`);
    const count = (status: string) => statuses.filter((one) => one === status).length;
    expect([count('token 200'), count('api 401'), count('api 200'), statuses.length]).toEqual([
      1, 20, 20, 41,
    ]);
  });

  test('a second 401 with the new token is UPSTREAM_AUTH_FAILED, without a third call', async () => {
    const { execute, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason: 'invalid' });
    const startedMs = performance.now();
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
    // For a short time, later operations fail without a call.
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
  });

  test.each<[string, number[], object, string[]]>([
    [
      'an error after it',
      [401, 503, 503],
      artistError('UPSTREAM_UNAVAILABLE'),
      ['401', 'token', '503', '503'],
    ],
    [
      'an error before it',
      [503, 401, 503],
      artistError('UPSTREAM_UNAVAILABLE'),
      ['503', '401', 'token', '503'],
    ],
    ['errors before it', [503, 503, 401], artistError('UPSTREAM_AUTH_FAILED'), ['503', '503', '401']],
    [
      'another 401 at the end',
      [401, 503, 401],
      artistError('UPSTREAM_AUTH_FAILED'),
      ['401', 'token', '503', '401'],
    ],
    ['a success at the end', [503, 401], artistResult, ['503', '401', 'token', '200']],
  ])('a read has at most three attempts, with a 401 and %s', async (_, statuses, result, calls) => {
    const { execute, sandbox } = await startInMode('development');
    for (const [skip, status] of statuses.entries()) {
      const json = { error: { status, message: 'The access token expired' } };
      sandbox.faults.add({ skip, times: 1, fault: { kind: 'answer', status, json } });
    }
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(result);
    const log = sandbox.calls().map(({ kind, status }) => (kind === 'token' ? kind : `${status}`));
    expect(log).toEqual(['token', ...calls]);
  });

  test('a token that expires before the last of three attempts is no sign that Spotify withholds the items of a playlist', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    const items = `{ playlist(id: "${playlists.items230}") { items(last: 2) { nodes { addedAt } } } }`;
    const route = ['playlists/items', 'playlists/tracks'];
    sandbox.faults.add({ on: { route }, times: 2, fault: { kind: 'answer', status: 500 } });
    sandbox.faults.add({
      on: { route },
      skip: 2,
      times: 1,
      fault: { kind: 'unauthorized', reason: 'expired' },
    });
    const { errors, extensions } = await execute(items);
    expect(apiCalls().filter((path) => /\/(items|tracks)\?/.test(path))).toHaveLength(3);
    expect(extensions.spotify?.unavailable).toEqual([]);
    expect(errors.map((error) => error.extensions?.['code'])).toEqual(['UPSTREAM_AUTH_FAILED']);
    expect(errors[0]?.message).not.toContain('user token');
    const later = await execute<{ playlist: { items: { nodes: object[] } } }, object>(items);
    expect(later.errors).toEqual([]);
    expect(later.data.playlist.items.nodes).toHaveLength(2);
  });

  test('tokens that Spotify issues and rejects are logged with one warning a minute, which states this', async () => {
    const clock = startClock();
    const { execute, logged, apiCalls, tokenCalls } = await withFault({
      kind: 'unauthorized',
      reason: 'invalid',
    });
    const warnings = () => logged.filter(({ level }) => level === 'warn');
    for (let operations = 1; operations <= 4; operations++) {
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
      expect([apiCalls().length, tokenCalls()]).toEqual([2 * operations, 2 * operations]);
      expect(warnings()).toHaveLength(operations <= 3 ? 1 : 2);
      await clock.pass(20);
    }
    for (const { message, fields } of warnings()) {
      expect(message).toMatch(/^Spotify rejects the token that it has just issued; .*SPOTIFY_TOKEN_URL and/);
      expect(fields).toEqual({ code: 'UPSTREAM_AUTH_FAILED' });
    }
    expect(logged.filter(({ message }) => message === 'Spotify sends tokens again')).toEqual([]);
  });

  test('a 401 that requires a user token is final', async () => {
    const { execute, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason: 'user' });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
    expect([apiCalls().length, tokenCalls()]).toEqual([1, 1]);
  });

  test.each([
    ['empty', {}],
    ['HTML', { text: '<html>401</html>' }],
  ])('a 401 without a cause renews the token once (%s)', async (_, body) => {
    const once = await withFault({ kind: 'answer', status: 401, ...body }, 1);
    expect(dataAndErrorCodes(await once.execute(artistQuery))).toEqual(artistResult);
    expect([once.apiCalls().length, once.tokenCalls()]).toEqual([2, 2]);

    const always = await withFault({ kind: 'answer', status: 401, ...body });
    expect(dataAndErrorCodes(await always.execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
    expect([always.apiCalls().length, always.tokenCalls()]).toEqual([2, 2]);
  });

  const challenge = (error: string) => ({ 'www-authenticate': `Bearer realm="spotify", error="${error}"` });
  const spotifyError = (message: string) => ({ error: { status: 401, message } });

  test.each<[string, Partial<Extract<Fault, { kind: 'answer' }>>]>([
    ['an empty body', {}],
    ['HTML', { text: '<html>401</html>' }],
    ['another wording', { json: spotifyError('Sign in once more') }],
    ['an error without a message', { json: { error: { status: 401 } } }],
  ])('a 401 whose challenge is invalid_token renews the token, also with %s', async (_, body) => {
    const fault: Fault = { kind: 'answer', status: 401, headers: challenge('invalid_token'), ...body };
    const { execute, apiCalls, tokenCalls } = await withFault(fault, 1);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
  });

  test.each<[string, Partial<Extract<Fault, { kind: 'answer' }>>]>([
    ['has another cause in its message', { json: spotifyError('Client is not allowed here') }],
    ['has another cause in its challenge', { headers: challenge('insufficient_scope') }],
    [
      'requires a user, with any challenge,',
      { headers: challenge('invalid_token'), json: spotifyError('Valid user authentication required') },
    ],
    ['requires a user, in plain text,', { text: 'Valid user authentication required' }],
    ['requires a user, in a text as `error`,', { json: { error: 'Valid user authentication required' } }],
  ])('a 401 that %s is final', async (_, response) => {
    const { execute, apiCalls, tokenCalls } = await withFault({ kind: 'answer', status: 401, ...response });
    for (let time = 0; time < 2; time++) {
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_AUTH_FAILED'));
    }
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 1]);
  });
});

/** A refusal in the form of the token endpoint, where `error` is a text. */
const tokenError = (status: number, error: string): Fault => ({ kind: 'answer', status, json: { error } });

describe('the token endpoint', () => {
  const onToken = { route: 'token' };

  test.each([
    [errorResponse(500), 'UPSTREAM_UNAVAILABLE', 3],
    [tokenError(400, 'server_error'), 'UPSTREAM_UNAVAILABLE', 3],
    [tokenError(415, 'server_error'), 'UPSTREAM_UNAVAILABLE', 3],
    [tokenError(401, 'temporarily_unavailable'), 'UPSTREAM_UNAVAILABLE', 3],
    [tokenError(400, 'unauthorized_client'), 'UPSTREAM_AUTH_FAILED', 1],
    [tokenError(400, 'invalid_grant'), 'UPSTREAM_AUTH_FAILED', 1],
    [tokenError(418, 'invalid_client'), 'UPSTREAM_AUTH_FAILED', 1],
    [tokenError(400, 'something_new'), 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', status: 400 } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', status: 403, text: '<html>' } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: {} } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { expires_in: 3600 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', status: 400, json: { error: 'invalid_client' } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', status: 401, json: { error: 'invalid_client' } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: 7, expires_in: 3600 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: '', expires_in: 3600 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: null } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', text: '<html>' } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [errorResponse(418), 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'rate-limit', retryAfterSeconds: 60 } as const, 'UPSTREAM_RATE_LIMITED', 1],
    [{ kind: 'rate-limit' } as const, 'UPSTREAM_RATE_LIMITED', 1],
  ])(
    'the response %o of the token endpoint is %s, and no call is sent without a token',
    async (fault, code, attempts) => {
      const { execute, sandbox, apiCalls, fetch } = await startInMode('development');
      sandbox.faults.add({ on: onToken, fault });
      const { errors } = await execute(artistQuery);
      expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
        [['artist'], code],
      ]);
      expect([sandbox.calls().length, apiCalls()]).toEqual([attempts, []]);
      // The failure is cached for a short time: the next operation fails without a request.
      expect((await execute(artistQuery)).errors[0]?.extensions?.['code']).toBe(code);
      expect((await fetch('/ready')).status).toBe(503);
      expect(sandbox.calls()).toHaveLength(attempts);
    },
  );

  test.each([
    errorResponse(500),
    tokenError(400, 'server_error'),
    tokenError(415, 'temporarily_unavailable'),
  ])('one failure of the token endpoint is not seen by the client (%o)', async (fault) => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: onToken, times: 1, fault });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'token', 'api']);
  });

  test.each([500, 502, 408])(
    'a %i of the token endpoint with a Retry-After of an hour is a failure at once',
    async (status) => {
      const clock = startClock();
      const { execute, sandbox } = await startInMode('development');
      const headers = { 'retry-after': '3600' };
      const undo = sandbox.faults.add({ on: onToken, fault: { kind: 'answer', status, headers } });
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
      expect(sandbox.calls()).toHaveLength(1);
      undo();
      await clock.pass(2.1);
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    },
  );

  test.each([
    ['rejected credentials for a minute', tokenError(400, 'invalid_client'), 59, 2],
    ['a fault for two seconds', tokenError(400, 'server_error'), 1.5, 1],
    ['a malformed response for two seconds', { kind: 'answer', json: {} } as const, 1.5, 1],
    ['an unknown error for two seconds', tokenError(400, 'something_new'), 1.5, 1],
  ])(
    'the token endpoint gets no request for a while after a failure: %s',
    async (_, fault, seconds, secondsMore) => {
      const clock = startClock();
      const { execute, sandbox } = await startInMode('development');
      const undo = sandbox.faults.add({ on: onToken, fault });
      const [failed] = (await execute(artistQuery)).errors;
      undo();
      sandbox.clearCalls();
      await clock.pass(seconds);
      expect((await execute(artistQuery)).errors).toMatchObject([{ extensions: failed?.extensions }]);
      expect(sandbox.calls()).toEqual([]);
      await clock.pass(secondsMore);
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    },
  );

  const lifetime = (edit: object): Fault => ({ kind: 'edit', edits: [{ path: 'expires_in', ...edit }] });

  test.each([
    ['that is missing', { remove: true }],
    ['of null', { set: null }],
    ['of 0', { set: 0 }],
    ['below 0', { set: -5 }],
    ['that is not a number', { set: 'soon' }],
    ['that is empty', { set: '' }],
    ['that is an object', { set: {} }],
    ['of an hour as a text', { set: '3600' }],
  ])('a token whose expires_in is one %s is used for an hour', async (_, edit) => {
    const clock = startClock();
    const { execute, sandbox, tokenCalls } = await withFault({ kind: 'delay', ms: 0 });
    sandbox.faults.add({ on: onToken, times: 1, fault: lifetime(edit) });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    await clock.pass(3_500);
    expect((await execute(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
    expect(tokenCalls()).toBe(1);
    await clock.pass(200);
    expect((await execute(`{ album(id: "${albums.tracks20}") { name } }`)).errors).toEqual([]);
    expect(tokenCalls()).toBe(2);
  });

  test('a token whose expires_in is unusable is replaced as soon as Spotify rejects it', async () => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: onToken, times: 1, fault: lifetime({ remove: true }) });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.expireTokens();
    sandbox.clearCalls();
    expect((await execute(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
    expect(sandbox.calls().map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'api 401',
      'token 200',
      'api 200',
    ]);
  });

  test('an expires_in that is a text is used like a number', async () => {
    const clock = startClock();
    const { execute, sandbox, tokenCalls } = await withFault({ kind: 'delay', ms: 0 });
    sandbox.faults.add({ on: onToken, times: 1, fault: lifetime({ set: '120' }) });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    await clock.pass(121);
    expect((await execute(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
    expect(tokenCalls()).toBe(2);
  });

  test('the token is renewed in the background before it expires, and no client waits for that', async () => {
    const clock = startClock();
    const { execute, sandbox } = await startInMode('development');
    await execute(artistQuery);
    await clock.pass(3_600 - 50);
    sandbox.faults.add({ on: onToken, times: 1, fault: { kind: 'delay', ms: 1_000 } });
    const startedMs = performance.now();
    expect((await execute(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(900);
    await sleep(1_100);
    await clock.pass(60);
    expect((await execute(`{ album(id: "${albums.tracks20}") { name } }`)).errors).toEqual([]);
    const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
    const [first, second, third] = calls.map(({ headers }) => headers['authorization']);
    expect([second === first, third === first]).toEqual([true, false]);
    expect(sandbox.calls()).toHaveLength(3 + 2);
  });

  test('a failed renewal before the token expires is no error for clients, and is not repeated too early', async () => {
    const clock = startClock();
    const { execute, sandbox } = await startInMode('development');
    await execute(artistQuery);
    await clock.pass(3_600 - 50);
    sandbox.faults.add({ on: onToken, fault: { kind: 'rate-limit', retryAfterSeconds: 60 } });
    sandbox.clearCalls();
    for (const id of [albums.tracks1, albums.tracks20, albums.tracks50]) {
      expect((await execute(`{ album(id: "${id}") { name } }`)).errors).toEqual([]);
    }
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(1);
    await clock.pass(51);
    expect(dataAndErrorCodes(await execute(`{ album(id: "${albums.tracks51}") { name } }`))).toEqual({
      data: { album: null },
      errors: [['album', 'UPSTREAM_RATE_LIMITED']],
    });
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(1);
  });

  test('all concurrent requests wait for the end of a short back-off of the token endpoint', async () => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: onToken, times: 1, fault: { kind: 'rate-limit', retryAfterSeconds: 1 } });
    const first = execute(artistQuery);
    await sleep(100);
    const second = await execute(`{ album(id: "${albums.tracks1}") { name } }`);
    expect([dataAndErrorCodes(await first), dataAndErrorCodes(second)]).toEqual([
      artistResult,
      withoutErrors({ album: { name: 'Single Lantern' } }),
    ]);
    expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'token', 'api', 'api']);
  });

  test('a lasting failure of the token endpoint is logged with one warning a minute, however often it is requested, and its end with one line', async () => {
    const clock = startClock();
    const { execute, sandbox, logged } = await startInMode('development');
    sandbox.faults.add({ on: onToken, fault: { kind: 'answer', status: 500 } });
    const tokenRequests = () => sandbox.calls().length;
    const tokenLines = () =>
      logged.flatMap(({ level, message }) =>
        /token/.test(message) ? [`${level} ${message.replace(/;.*/, '')}`] : [],
      );
    const warning = 'warn Spotify has sent no token';
    for (let seconds = 0; seconds <= 120; seconds += 20) {
      const before = tokenRequests();
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_UNAVAILABLE'));
      expect(tokenRequests(), `after ${seconds} s`).toBeGreaterThan(before);
      expect(tokenLines()).toEqual(Array(1 + Math.floor(seconds / 60)).fill(warning));
      await clock.pass(20);
    }
    sandbox.faults.clear();
    for (const id of [albums.tracks1, albums.tracks20]) {
      expect((await execute(`{ album(id: "${id}") { name } }`)).errors).toEqual([]);
    }
    expect(tokenLines()).toEqual([warning, warning, warning, 'info Spotify sends tokens again']);
  });

  test.each([
    [60, 'UPSTREAM_RATE_LIMITED', 'retry after 60 seconds'],
    [100_000, 'UPSTREAM_QUOTA_EXCEEDED', 'retry after 24 hours'],
  ])(
    'a 429 of the token endpoint with a Retry-After of %i s is named in the log and in the message for clients, also to later operations',
    async (retryAfterSeconds, code, advice) => {
      const { execute, sandbox, logged } = await startInMode('development');
      sandbox.faults.add({ on: onToken, fault: { kind: 'rate-limit', retryAfterSeconds } });
      for (let operation = 0; operation < 2; operation++) {
        const { errors } = await execute(artistQuery);
        expect(errors).toMatchObject([
          { message: `Spotify limits the gateway's token requests: ${advice}.`, extensions: { code } },
        ]);
      }
      expect(sandbox.calls().map(({ kind, status }) => [kind, status])).toEqual([['token', 429]]);
      expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([
        {
          message: expect.stringMatching(/^Spotify limits the rate of token requests; /),
          fields: { code, reason: 'status 429' },
        },
      ]);
    },
  );

  test.each([500, 415])('the log states the status that the token endpoint has sent: %i', async (status) => {
    const { execute, sandbox, logged } = await startInMode('development');
    sandbox.faults.add({ on: onToken, fault: tokenError(status, 'server_error') });
    await execute(artistQuery);
    expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { reason: `status ${status}` } },
    ]);
  });
});
