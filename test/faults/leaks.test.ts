import { gzipSync } from 'node:zlib';
import { trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { Gauge } from 'prom-client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { listen, operation, send } from '../support/abuse.ts';
import type { FaultCase } from '../support/fault-case.ts';
import { type Channel, outputs } from '../support/fault-channels.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import { startProcess } from '../support/fault-environment.ts';
import { artist } from '../support/fault-operations.ts';
import { runCase } from '../support/fault-runner.ts';
import { exchange } from '../support/process.ts';
import { hasRedis } from '../support/redis.ts';

/** A secret in the output of any channel fails a fault case. */

interface Plant {
  channel: Channel;
  how: string;
  plant(testEnvironment: TestEnvironment, secret: string): unknown;
}

type Planted = Plant['plant'];

/** A case without a fault, in which only `act` writes a secret. */
const quietCase = (
  act: (testEnvironment: TestEnvironment) => unknown,
  more: Partial<FaultCase> = {},
): FaultCase => ({
  id: 'planted',
  fault: 'a secret is written',
  promise: 'the case fails',
  recovery: false,
  steps: [
    {
      async act(testEnvironment) {
        await act(testEnvironment);
        return [];
      },
    },
  ],
  ...more,
});

const appSecret = (testEnvironment: TestEnvironment): string => testEnvironment.sandbox.clientSecret;

/** The violations by which a case fails. */
const violationsOf = (faultCase: FaultCase): Promise<unknown> =>
  runCase(faultCase).then(
    () => [],
    (error: { actual?: unknown }) => error.actual ?? error,
  );

const foundIn = (channel: Channel) => [`a secret (canary…) was found in ${channel}`];

/** Keeps planted secrets out of the output of the test run. */
function muteOutput(): void {
  const { stdout, stderr } = outputs();
  for (const stream of [...stdout, ...stderr]) {
    const spy = vi.spyOn(stream, 'write').mockReturnValue(true);
    onTestFinished(() => spy.mockRestore());
  }
}

/** An operation with an invalid value, which the error message quotes. */
const quoting = (secret: string): string =>
  `{ artist(id: "x") { albums(first: "${secret}") { totalCount } } }`;

const inSpan = (add: (span: Span, secret: string) => unknown): Planted => {
  return (_, secret) => {
    const span = trace.getTracer('planted').startSpan('planted');
    add(span as Span, secret);
    span.end();
  };
};

const inRedis = (write: (redis: Redis, secret: string) => Promise<unknown>): Planted => {
  return async ({ redisUrl }, secret) => {
    const redis = new Redis(redisUrl ?? '');
    await write(redis, secret);
    redis.disconnect();
  };
};

const plants: readonly Plant[] = [
  {
    channel: 'log',
    how: 'the message of a bug',
    async plant(testEnvironment, secret) {
      const field = testEnvironment.gateway().schema.getQueryType()?.getFields()['artist'];
      if (!field) throw new Error('there is no field to break');
      const { resolve } = field;
      field.resolve = () => {
        throw new TypeError(secret);
      };
      const body = JSON.stringify({ query: '{ artist(id: "x") { name } }' });
      await send(testEnvironment, { body }).finally(() => Object.assign(field, { resolve }));
    },
  },
  { channel: 'stdout', how: 'a text', plant: (_, secret) => process.stdout.write(secret) },
  {
    channel: 'stdout',
    how: 'bytes in two pieces',
    plant(_, secret) {
      const bytes = Buffer.from(secret);
      process.stdout.write(bytes.subarray(0, 9));
      process.stdout.write(bytes.subarray(9));
    },
  },
  {
    channel: 'stdout',
    how: 'the console',
    // biome-ignore lint/suspicious/noConsole: the test is about the console
    plant: (_, secret) => console.info({ secret }),
  },
  { channel: 'stderr', how: 'a text', plant: (_, secret) => process.stderr.write(secret) },
  {
    channel: 'stderr',
    how: 'the console',
    // biome-ignore lint/suspicious/noConsole: the test is about the console
    plant: (_, secret) => console.error(new Error(secret)),
  },
  {
    channel: 'responses',
    how: 'the body of an operation',
    plant: (testEnvironment, secret) => testEnvironment.execute(operation(quoting(secret))),
  },
  {
    channel: 'responses',
    how: 'the body of any other request',
    plant: (testEnvironment, secret) =>
      send(testEnvironment, { body: JSON.stringify({ query: quoting(secret) }) }),
  },
  {
    channel: 'responses',
    how: 'a header',
    async plant(testEnvironment, secret) {
      const gateway = testEnvironment.gateway();
      const { handler } = gateway;
      const fetch = async () => new Response('{}', { headers: { secret } });
      Object.assign(gateway, { handler: { fetch } });
      await send(testEnvironment);
      Object.assign(gateway, { handler });
    },
  },
  {
    channel: 'responses',
    how: 'a socket',
    async plant(testEnvironment, secret) {
      const { port } = await listen(testEnvironment);
      await exchange(port, '/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ query: quoting(secret) }),
      });
    },
  },
  {
    channel: 'metrics',
    how: 'a label',
    plant(testEnvironment, secret) {
      const { registry } = testEnvironment.gateway().metrics;
      new Gauge({ name: 'planted', help: 'planted', labelNames: ['of'], registers: [registry] }).inc({
        of: secret,
      });
    },
  },
  {
    channel: 'metrics',
    how: 'a gateway that has been replaced',
    async plant(testEnvironment, secret) {
      const { registry } = testEnvironment.gateway().metrics;
      new Gauge({ name: 'planted', help: secret, registers: [registry] });
      await testEnvironment.restart();
    },
  },
  { channel: 'spans', how: 'a name', plant: inSpan((span, secret) => span.updateName(secret)) },
  { channel: 'spans', how: 'an attribute', plant: inSpan((span, secret) => span.setAttribute('of', secret)) },
  {
    channel: 'spans',
    how: 'the message of a status',
    plant: inSpan((span, message) => span.setStatus({ code: 2, message })),
  },
  {
    channel: 'spans',
    how: 'an exception',
    plant: inSpan((span, secret) => span.recordException(new Error(secret))),
  },
  {
    channel: 'spans',
    how: 'the resource',
    plant: inSpan((span, secret) => Object.assign(span.resource.attributes, { secret })),
  },
  { channel: 'Redis', how: 'a key', plant: inRedis((redis, secret) => redis.set(secret, '')) },
  { channel: 'Redis', how: 'a text', plant: inRedis((redis, secret) => redis.set('planted', secret)) },
  {
    channel: 'Redis',
    how: 'a compressed text',
    plant: inRedis((redis, secret) => redis.set('planted', gzipSync(secret.repeat(100)))),
  },
  {
    channel: 'Redis',
    how: 'a long field',
    plant: inRedis((redis, secret) => redis.hset('planted', 'field', secret.repeat(100))),
  },
];

const withRedis = hasRedis();

// Retries, because on a busy machine the gateway rejects operations.
describe('a secret in any output fails its case', { retry: 2 }, () => {
  for (const { channel, how, plant } of plants) {
    test.skipIf(channel === 'Redis' && !withRedis)(
      `a secret in ${channel} fails the case: ${how}`,
      async () => {
        muteOutput();
        const planted = quietCase((testEnvironment) => plant(testEnvironment, appSecret(testEnvironment)), {
          redis: channel === 'Redis',
        });
        expect(await violationsOf(planted)).toEqual(foundIn(channel));
      },
    );
  }

  test('a secret in the output of another process fails the case', async () => {
    const print = ['info', 'error'].map((how) => `console.${how}(process.env.SPOTIFY_CLIENT_SECRET)`);
    const planted = quietCase(async (testEnvironment) => {
      const server = await startProcess(testEnvironment, {
        NODE_OPTIONS: `--import=data:text/javascript,${print.join(';')}`,
      });
      await server.execute(quoting(appSecret(testEnvironment)));
    });
    expect(await violationsOf(planted)).toEqual(
      [foundIn('responses'), foundIn('stdout'), foundIn('stderr')].flat(),
    );
  });

  test('a token in the output fails the case, and so do the credentials for the token endpoint', async () => {
    muteOutput();
    const planted = quietCase(
      (testEnvironment) => process.stdout.write(testEnvironment.secrets().slice(1).join()),
      {
        warm: [artist(0)],
      },
    );
    expect(await violationsOf(planted)).toEqual([
      expect.stringMatching(/^a secret \(\w{6}…\) was found in stdout$/),
      expect.stringMatching(/^a secret \(BQ.{4}…\) was found in stdout$/),
    ]);
  });

  test('a token that the gateway has never used fails the case too', async () => {
    muteOutput();
    const planted = quietCase(
      async (testEnvironment) => {
        await testEnvironment.trouble({ kind: 'down' });
        await testEnvironment.execute(artist(0));
        expect(testEnvironment.calls('api')).toEqual([]);
        process.stdout.write(testEnvironment.secrets().at(-1) ?? '');
      },
      { proxied: 'api' },
    );
    expect(await violationsOf(planted)).toEqual([
      expect.stringMatching(/^a secret \(BQ.{4}…\) was found in stdout$/),
    ]);
  });

  test('a secret fails its case also after a concurrent case has ended', async () => {
    muteOutput();
    const concurrentCase = runCase({ ...quietCase(() => undefined), slow: true });
    const planted = quietCase(async (testEnvironment) => {
      await concurrentCase;
      process.stdout.write(appSecret(testEnvironment));
    });
    expect(await violationsOf({ ...planted, slow: true })).toEqual(foundIn('stdout'));
  });
});

test('a case without a secret in its output passes, and restores the output streams', async () => {
  const writes = () =>
    Object.values(outputs()).flatMap((streams) => Array.from(streams, ({ write }) => write));
  const before = writes();
  expect(await violationsOf(quietCase(() => undefined))).toEqual([]);
  expect(writes()).toEqual(before);
});
