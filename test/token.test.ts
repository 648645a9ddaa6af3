import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  albums,
  catalogue,
  fine,
  inMode,
  itsAnswer,
  itsFailure,
  oneCall,
  quoted,
  refusal,
  seen,
  withFault,
} from './support/asking.ts';
import { startClock } from './support/clock.ts';

describe('a 401', () => {
  test('about the token fetches one new token and asks once more', async () => {
    for (const reason of ['expired', 'invalid'] as const) {
      const { ask, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason }, 1);
      expect(seen(await ask(oneCall))).toEqual(itsAnswer);
      expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
    }
  });

  test('of a token that ended early is mended without anybody noticing', async () => {
    const { ask, sandbox } = await inMode('development');
    await ask(oneCall);
    sandbox.expireTokens();
    sandbox.clearCalls();
    expect(seen(await ask(`{ album(id: "${albums.tracks1}") { name } }`))).toEqual(
      fine({ album: { name: 'Single Lantern' } }),
    );
    expect(sandbox.calls().map(({ kind, status }) => [kind, status])).toEqual([
      ['api', 401],
      ['token', 200],
      ['api', 200],
    ]);
  });

  test('that many get at the same time, and one of them late, is mended by one new token', async () => {
    const { ask, sandbox } = await inMode('development', { UPSTREAM_CONCURRENCY: '20' });
    await ask(oneCall);
    const ids = catalogue
      .artists()
      .slice(1, 21)
      .map(({ id }) => id);
    sandbox.expireTokens();
    sandbox.faults.add({ on: { path: `/artists/${ids[7]}` }, times: 1, fault: { kind: 'delay', ms: 300 } });
    sandbox.clearCalls();
    const document = `{ artists(ids: ${quoted(ids)}) { id } }`;
    expect(seen(await ask(document))).toEqual(fine({ artists: ids.map((id) => ({ id })) }));
    const statuses = sandbox.calls().map(({ kind, status }) => `${kind} ${status}`);
    const count = (what: string) => statuses.filter((each) => each === what).length;
    expect([count('token 200'), count('api 401'), count('api 200'), statuses.length]).toEqual([
      1, 20, 20, 41,
    ]);
  });

  test('again with the fresh token is UPSTREAM_AUTH_FAILED, and no loop', async () => {
    const { ask, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason: 'invalid' });
    const startedMs = performance.now();
    expect(seen(await ask(oneCall))).toEqual(itsFailure('UPSTREAM_AUTH_FAILED'));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
    // For a moment the next one is spared the same way.
    expect(seen(await ask(oneCall))).toEqual(itsFailure('UPSTREAM_AUTH_FAILED'));
    expect([apiCalls().length, tokenCalls()]).toEqual([2, 2]);
  });

  test('that wants a user is final: another token would change nothing', async () => {
    const { ask, apiCalls, tokenCalls } = await withFault({ kind: 'unauthorized', reason: 'user' });
    expect(seen(await ask(oneCall))).toEqual(itsFailure('UPSTREAM_AUTH_FAILED'));
    expect([apiCalls().length, tokenCalls()]).toEqual([1, 1]);
  });

  test('without a word is taken to be about the token', async () => {
    const { ask, apiCalls } = await withFault({ kind: 'answer', status: 401, text: '<html>401</html>' }, 1);
    expect(seen(await ask(oneCall))).toEqual(itsAnswer);
    expect(apiCalls()).toHaveLength(2);
  });
});

describe('the token endpoint', () => {
  const onToken = { route: 'token' };

  test.each([
    [refusal(500), 'UPSTREAM_UNAVAILABLE', 3],
    [{ kind: 'answer', status: 400, json: { error: 'invalid_client' } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', status: 401, json: { error: 'invalid_client' } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: 7, expires_in: 3600 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: '', expires_in: 3600 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: 'x', expires_in: 0 } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: { access_token: 'x', expires_in: '3600' } } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', json: null } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'answer', text: '<html>' } as const, 'UPSTREAM_AUTH_FAILED', 1],
    [refusal(418), 'UPSTREAM_AUTH_FAILED', 1],
    [{ kind: 'rate-limit', retryAfterSeconds: 60 } as const, 'UPSTREAM_RATE_LIMITED', 1],
    [{ kind: 'rate-limit' } as const, 'UPSTREAM_RATE_LIMITED', 1],
  ])('answering %o is told as %s, and no call goes out without a token', async (fault, code, attempts) => {
    const { ask, sandbox, apiCalls, fetch } = await inMode('development');
    sandbox.faults.add({ on: onToken, fault });
    const { errors } = await ask(oneCall);
    expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([[['artist'], code]]);
    expect([sandbox.calls().length, apiCalls()]).toEqual([attempts, []]);
    // Its failure is remembered for a moment: the next one is told without asking again.
    expect((await ask(oneCall)).errors[0]?.extensions?.['code']).toBe(code);
    expect((await fetch('/ready')).status).toBe(503);
    expect(sandbox.calls()).toHaveLength(attempts);
  });

  test('failing once is not noticed', async () => {
    const { ask, sandbox } = await inMode('development');
    sandbox.faults.add({ on: onToken, times: 1, fault: refusal(500) });
    expect(seen(await ask(oneCall))).toEqual(itsAnswer);
    expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'token', 'api']);
  });

  test('is asked again in the background before the token ends, and nobody waits for that', async () => {
    const clock = startClock();
    const { ask, sandbox } = await inMode('development');
    await ask(oneCall);
    await clock.pass(3_600 - 50);
    sandbox.faults.add({ on: onToken, times: 1, fault: { kind: 'delay', ms: 1_000 } });
    const startedMs = performance.now();
    expect((await ask(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(900);
    await sleep(1_100);
    await clock.pass(60);
    expect((await ask(`{ album(id: "${albums.tracks20}") { name } }`)).errors).toEqual([]);
    const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
    const [first, second, third] = calls.map(({ headers }) => headers['authorization']);
    expect([second === first, third === first]).toEqual([true, false]);
    expect(sandbox.calls()).toHaveLength(3 + 2);
  });

  test('failing before the token ends harms nobody, and is not asked again before its time', async () => {
    const clock = startClock();
    const { ask, sandbox } = await inMode('development');
    await ask(oneCall);
    await clock.pass(3_600 - 50);
    sandbox.faults.add({ on: onToken, fault: { kind: 'rate-limit', retryAfterSeconds: 60 } });
    sandbox.clearCalls();
    for (const id of [albums.tracks1, albums.tracks20, albums.tracks50]) {
      expect((await ask(`{ album(id: "${id}") { name } }`)).errors).toEqual([]);
    }
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(1);
    await clock.pass(51);
    expect(seen(await ask(`{ album(id: "${albums.tracks51}") { name } }`))).toEqual({
      data: { album: null },
      errors: [['album', 'UPSTREAM_RATE_LIMITED']],
    });
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(1);
  });

  test('asking for a second of silence is waited for by all who ask meanwhile', async () => {
    const { ask, sandbox } = await inMode('development');
    sandbox.faults.add({ on: onToken, times: 1, fault: { kind: 'rate-limit', retryAfterSeconds: 1 } });
    const first = ask(oneCall);
    await sleep(100);
    const second = await ask(`{ album(id: "${albums.tracks1}") { name } }`);
    expect([seen(await first), seen(second)]).toEqual([
      itsAnswer,
      fine({ album: { name: 'Single Lantern' } }),
    ]);
    expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token', 'token', 'api', 'api']);
  });
});
