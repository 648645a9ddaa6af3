import { describe, expect, test } from 'vitest';
import {
  createPremiumBreaker,
  type PremiumBreaker,
} from '../../../../../src/datasources/spotify/quota/breakers/premium-breaker.ts';
import type { Fault } from '../../../../../src/sandbox/index.ts';
import { startClock } from '../../../../support/clock.ts';
import { createFakeSharedStore } from '../../../../support/fake-shared-store.ts';
import { codesOf, type TestGateway } from '../../../../support/gateway.ts';
import { hasRedis, startRedis } from '../../../../support/redis.ts';
import { response } from '../../../../support/request-queue.ts';
import {
  albums,
  artistError,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
  startInMode,
  withoutErrors,
} from '../../../../support/schema-tests.ts';

/** Spotify rejects every call of an app while the Premium subscription of its owner has lapsed. */

const forms = ['json', 'text'] as const;
const lapsed = (form: 'json' | 'text' = 'json'): Fault => ({ kind: 'premium-lapsed', form });

/** Reads of several endpoint families that need one call each, all of them different. */
const others = [
  `{ album(id: "${albums.tracks1}") { name } }`,
  `{ artist(id: "${artists.albums1}") { name } }`,
  '{ search(q: "amber") { tracks(first: 1) { totalCount } } }',
  `{ albums(ids: ["${albums.tracks1}", "${albums.tracks20}"]) { name } }`,
];

const warnings = ({ logged }: Pick<TestGateway, 'logged'>) =>
  logged.filter(({ message }) => message.includes('Premium'));

describe('an app whose Premium subscription has lapsed', () => {
  test.each(forms)(
    'the gateway sends one call a minute while the Premium subscription has lapsed, and responds with UPSTREAM_FORBIDDEN (%s)',
    async (form) => {
      const clock = startClock();
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      sandbox.faults.add({ fault: lapsed(form) });
      for (let minute = 1; minute <= 3; minute++) {
        expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_FORBIDDEN'));
        for (const document of others)
          expect(new Set(codesOf(await execute(document)))).toEqual(new Set(['UPSTREAM_FORBIDDEN']));
        expect(apiCalls()).toHaveLength(minute);
        await clock.pass(59);
        expect(codesOf(await execute(artistQuery))).toEqual(['UPSTREAM_FORBIDDEN']);
        expect(apiCalls()).toHaveLength(minute);
        await clock.pass(1.5);
      }
      expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(1);
    },
  );

  test('a lapsed Premium subscription is reported by one log line, metrics and /ready, and not in responses to clients', async () => {
    const clock = startClock();
    const gateway = await startInMode('development');
    const { execute, sandbox, fetch, logged } = gateway;
    const metrics = async () => (await fetch('/metrics')).text();
    expect((await fetch('/ready')).status).toBe(200);
    expect(await metrics()).toContain('spotify_graphql_premium_lapsed 0');

    const undo = sandbox.faults.add({ fault: lapsed() });
    const { errors } = await execute(artistQuery);
    expect(errors[0]?.message).not.toMatch(/premium|subscription/i);
    await clock.pass(61);
    for (const document of others) await execute(document);
    expect((await fetch('/ready')).status).toBe(503);
    expect(await metrics()).toContain('spotify_graphql_premium_lapsed 1');
    expect(await metrics()).toMatch(/gate_shut_seconds\{family="artists",reason="premium-lapsed"\} (59|60)/);
    expect(warnings(gateway)).toHaveLength(1);

    undo();
    await clock.pass(61);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    expect((await fetch('/ready')).status).toBe(200);
    expect(await metrics()).toContain('spotify_graphql_premium_lapsed 0');
    expect(logged.map(({ message }) => message)).toContain('Spotify serves calls of this app again');
  });

  test.each([...others, artistQuery])(
    'an app whose Premium subscription had lapsed is served again after the first call that succeeds (%s)',
    async (document) => {
      const clock = startClock();
      const gateway = await startInMode('development');
      const { execute, sandbox } = gateway;
      const undo = sandbox.faults.add({ fault: lapsed() });
      await execute(document);
      undo();
      await clock.pass(61);
      expect((await execute(document)).errors).toEqual([]);
      const responses = await Promise.all(others.map((query) => execute(query)));
      expect(responses.flatMap(({ errors }) => errors)).toEqual([]);
    },
  );

  test('/ready detects the end of a lapse of the Premium subscription if no client sends operations', async () => {
    const clock = startClock();
    const { execute, sandbox, fetch, apiCalls } = await startInMode('development');
    const undo = sandbox.faults.add({ fault: lapsed() });
    await execute(artistQuery);
    for (let time = 0; time < 5; time++) expect((await fetch('/ready')).status).toBe(503);
    expect(apiCalls()).toHaveLength(1);
    await clock.pass(61);
    for (let time = 0; time < 5; time++) expect((await fetch('/ready')).status).toBe(503);
    expect(apiCalls()).toHaveLength(2);
    undo();
    await clock.pass(61);
    expect((await fetch('/ready')).status).toBe(200);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
  });

  test('a response has stale data and states the reason while the Premium subscription has lapsed', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development', { CACHE_TTL_SECONDS: '0' });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ fault: lapsed() });
    for (let time = 0; time < 3; time++) {
      const stale = await execute(artistQuery);
      expect(dataAndErrorCodes(stale)).toEqual(artistResult);
      expect(stale.extensions.spotify?.stale).toEqual([
        { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_FORBIDDEN' },
      ]);
    }
    expect(apiCalls()).toHaveLength(2);
  });

  test('a response has fresh cached data while the Premium subscription has lapsed', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    await execute(artistQuery);
    sandbox.faults.add({ fault: lapsed() });
    for (const document of others) await execute(document);
    const cached = await execute(artistQuery);
    expect(dataAndErrorCodes(cached)).toEqual(artistResult);
    expect(cached.extensions.spotify?.stale).toEqual([]);
    expect(apiCalls()).toHaveLength(2);
  });

  test('if the one call a minute of a lapsed Premium subscription fails for another reason, calls are rejected for a minute more', async () => {
    const clock = startClock();
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const undo = sandbox.faults.add({ fault: lapsed() });
    await execute(artistQuery);
    undo();
    const faults: Fault[] = [{ kind: 'answer', status: 503 }, { kind: 'reset' }, { kind: 'rate-limit' }];
    for (const [i, fault] of faults.entries()) {
      sandbox.faults.add({ times: 1, fault });
      await clock.pass(61);
      for (let time = 0; time < 3; time++) await execute(artistQuery);
      expect(apiCalls()).toHaveLength(2 + i);
    }
    await clock.pass(61);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
  });

  test('an app whose Premium subscription had lapsed is served again by a call whose token Spotify had rejected first', async () => {
    const clock = startClock();
    const { execute, sandbox } = await startInMode('development');
    const undo = sandbox.faults.add({ fault: lapsed() });
    await execute(artistQuery);
    undo();
    sandbox.expireTokens();
    await clock.pass(61);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
  });

  test('many concurrent calls after a lapse of the Premium subscription are rejected together, and one warning is logged', async () => {
    const gateway = await startInMode('development', { UPSTREAM_CONCURRENCY: '4' });
    const { execute, sandbox, apiCalls } = gateway;
    sandbox.faults.add({ fault: lapsed() });
    const ids = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(22, '0'));
    const { errors } = await execute(`{ artists(ids: ${JSON.stringify(ids)}) { name } }`);
    expect(new Set(codesOf({ errors }))).toEqual(new Set(['UPSTREAM_FORBIDDEN']));
    expect(apiCalls().length).toBeLessThanOrEqual(4);
    expect(warnings(gateway)).toHaveLength(1);
  });
});

test.each([
  ['has sent nothing itself', 0],
  ['has found the renewal before itself', 1],
])(
  'a process that %s sends calls again as soon as another process has found that the Premium subscription is renewed',
  (_, earlierLapses) => {
    const store = createFakeSharedStore();
    const [first, second] = [1, 2].map(() =>
      createPremiumBreaker({ store: store.connect(), onOpen: () => undefined }),
    ) as [PremiumBreaker, PremiumBreaker];
    const body = { error: { message: 'Active premium subscription required for the owner of the app.' } };
    const isLapsed = () => [first, second].map((breaker) => breaker.isLapsed());
    const lapseAndRenew = (finder: PremiumBreaker) => {
      finder.endCall(response(403, { body }), 0, false);
      expect(isLapsed()).toEqual([true, true]);
      finder.endCall(response(200), 60_000, finder.beginCall(60_000));
    };
    for (let lapse = 0; lapse < earlierLapses; lapse++) lapseAndRenew(second);
    lapseAndRenew(first);
    expect(isLapsed()).toEqual([false, false]);
    expect(second.openState(60_000)).toBeNull();
  },
);

describe.skipIf(!hasRedis())('processes that share a Redis', () => {
  test('processes that share a Redis share that the Premium subscription has lapsed, and that the subscription is active again', async () => {
    const clock = startClock();
    const redis = await startRedis();
    const environment = { REDIS_URL: redis.url };
    const first = await startInMode('development', environment);
    const second = await startInMode('development', environment);
    const undo = [first, second].map(({ sandbox }) => sandbox.faults.add({ fault: lapsed() }));
    await first.execute(artistQuery);
    await expect.poll(async () => (await second.fetch('/ready')).status).toBe(503);
    expect(dataAndErrorCodes(await second.execute(artistQuery))).toEqual(artistError('UPSTREAM_FORBIDDEN'));
    expect(second.apiCalls()).toEqual([]);

    for (const remove of undo) remove();
    await clock.pass(61);
    expect(dataAndErrorCodes(await first.execute(artistQuery))).toEqual(artistResult);
    await expect.poll(async () => (await second.fetch('/ready')).status).toBe(200);
    expect(dataAndErrorCodes(await second.execute(others[0] as string))).toEqual(
      withoutErrors({ album: { name: 'Single Lantern' } }),
    );
  });
});

describe('a 403 of a proxy of Spotify, without JSON', () => {
  const edge: [string, Fault][] = [
    ['is empty', { kind: 'answer', status: 403 }],
    ['is HTML', { kind: 'answer', status: 403, text: '<html>Forbidden</html>' }],
  ];

  test.each(edge)(
    'a 403 of a proxy of Spotify that %s fails only its own call, with UPSTREAM_FORBIDDEN',
    async (_, fault) => {
      const gateway = await startInMode('development');
      const { execute, sandbox, apiCalls, fetch } = gateway;
      sandbox.faults.add({ times: 1, fault });
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_FORBIDDEN'));
      expect(apiCalls()).toHaveLength(1);
      expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
      expect((await fetch('/ready')).status).toBe(200);
      expect(warnings(gateway)).toEqual([]);
    },
  );
});
