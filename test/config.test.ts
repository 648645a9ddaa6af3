import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Config, ConfigError, readConfig } from '../src/config.ts';
import { type Ended, type Environment, runServer, scaledLimit } from './support/process.ts';

/** Part of malformed values, to find them in messages. */
const canary = 'canary-3f9c1';

interface Variable {
  name: string;
  /** The value of the variable in the config. */
  of(config: Config): unknown;
  byDefault: unknown;
  /** Environment value → value in the config. */
  good: [string, unknown][];
  bad: string[];
}

const mayContainCredentials = (value: string) => /[@?#]/.test(value);

const noNumbers = [canary, '-1', '1.5', '1e3', '0x10', ' 8', '8 ', '+8', '8ms', 'NaN', 'Infinity', '٣'];
const beyondTimers = String(2 ** 31); // setTimeout would fire at once
const credentials = { SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRET: 'some-secret' };

const urls = (path: string): Pick<Variable, 'good' | 'bad'> => ({
  good: [
    [`https://spotify.example${path}`, `https://spotify.example${path}`],
    [`https://spotify.example:8443${path}/`, `https://spotify.example:8443${path}`],
    [`http://localhost:4010${path}`, `http://localhost:4010${path}`],
    [`http://127.0.0.1:4010${path}`, `http://127.0.0.1:4010${path}`],
    [`http://127.3.2.1:4010${path}`, `http://127.3.2.1:4010${path}`],
    [`http://[::1]:4010${path}`, `http://[::1]:4010${path}`],
  ],
  bad: [
    canary,
    '/v1',
    `${canary}.example${path}`,
    `https://${canary}@spotify.example${path}`,
    `https://:${canary}@spotify.example${path}`,
    `http://user:${canary}@localhost:4010${path}`,
    `https://spotify.example${path}?key=${canary}`,
    `https://spotify.example${path}#${canary}`,
    `https://spotify.example${path}?`,
    `https://spotify.example${path}#`,
    `http://${canary}.example${path}`,
    `http://localhost.${canary}.example${path}`,
    `http://127.0.0.1.${canary}.example${path}`,
    `http://10.0.0.1/${canary}`,
    `http://0.0.0.0/${canary}`,
    `http://[::2]/${canary}`,
    `ftp://localhost/${canary}`,
    `file:///${canary}`,
    `javascript:${canary}`,
  ],
});

const switches: Pick<Variable, 'byDefault' | 'good' | 'bad'> = {
  byDefault: true,
  good: [
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ],
  bad: [canary, 'yes', 'off', '2', 'truefalse'],
};

const folder = mkdtempSync(join(tmpdir(), `${canary}-`));
afterAll(() => rmSync(folder, { recursive: true }));

const apolloManifest = (operations: unknown) =>
  JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });

function manifest(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const variables: Variable[] = [
  {
    name: 'PORT',
    of: ({ port }) => port,
    byDefault: 4000,
    good: [
      ['0', 0],
      ['8080', 8080],
      ['65535', 65_535],
    ],
    bad: [...noNumbers, '65536', '99999999999999999999'],
  },
  {
    name: 'HOST',
    of: ({ host }) => host,
    byDefault: '127.0.0.1',
    good: [
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
      ['gateway.internal', 'gateway.internal'],
    ],
    bad: [`${canary} is no host`, `http://${canary}`, `${canary}:4000`, '[::1]', '*', '-a', 'a..b'],
  },
  {
    name: 'METRICS_PORT',
    of: ({ metricsPort }) => metricsPort,
    byDefault: null,
    good: [
      ['0', 0],
      ['9090', 9090],
    ],
    bad: [...noNumbers, '65536', '4000'],
  },
  {
    name: 'MAX_ANSWER_FIELDS',
    of: ({ gateway }) => gateway.maxAnswerFields,
    byDefault: 100_000,
    good: [
      ['1', 1],
      ['500000', 500_000],
    ],
    bad: [...noNumbers, '0'],
  },
  {
    name: 'MAX_ANSWER_BYTES',
    of: ({ gateway }) => gateway.maxAnswerBytes,
    byDefault: 8_000_000,
    good: [
      ['1', 1],
      ['20000000', 20_000_000],
    ],
    bad: [...noNumbers, '0'],
  },
  {
    name: 'WEB_CONCURRENCY',
    of: ({ workers }) => workers,
    byDefault: 1,
    good: [
      ['1', 1],
      ['64', 64],
    ],
    bad: [...noNumbers, '0', '65'],
  },
  {
    name: 'SPOTIFY_API_URL',
    of: ({ gateway }) => gateway.spotify.apiUrl,
    byDefault: 'https://api.spotify.com/v1',
    ...urls('/v1'),
  },
  {
    name: 'SPOTIFY_TOKEN_URL',
    of: ({ gateway }) => gateway.spotify.tokenUrl,
    byDefault: 'https://accounts.spotify.com/api/token',
    ...urls('/api/token'),
  },
  {
    name: 'SPOTIFY_QUOTA_MODE',
    of: ({ gateway }) => gateway.spotify.quotaMode,
    byDefault: 'auto',
    good: [
      ['auto', 'auto'],
      ['extended', 'extended'],
      ['development', 'development'],
    ],
    bad: [canary, 'EXTENDED', 'extended '],
  },
  {
    name: 'SANDBOX_QUOTA_MODE',
    of: ({ sandbox }) => sandbox,
    byDefault: 'development',
    good: [
      ['development', 'development'],
      ['extended', 'extended'],
    ],
    bad: [canary, 'auto'],
  },
  {
    name: 'SPOTIFY_MARKET',
    of: ({ gateway }) => gateway.spotify.market,
    byDefault: null,
    good: [
      ['DE', 'DE'],
      ['US', 'US'],
    ],
    bad: [canary, 'ZZ', 'D', 'DEU', 'D1', 'Ð€'],
  },
  {
    name: 'REDIS_URL',
    of: ({ gateway }) => gateway.spotify.redisUrl,
    byDefault: null,
    good: [
      'redis://localhost:6379',
      'redis://localhost/',
      'rediss://user:password@redis.example:6380/2',
      'redis://:100%25@redis.example?family=6',
    ].map((url) => [url, url]),
    bad: [
      canary,
      `${canary}:6379`,
      `http://:${canary}@redis.example:6379`,
      `redis.example:6379/${canary}`,
      `redis//${canary}`,
      `redis:${canary}`,
      'redis:/2',
      `redis://redis.example:6379/${canary}`,
      'redis://redis.example/99999999999999999999',
      `redis://:${canary}%@redis.example:6379`,
      `redis://${canary}%:password@redis.example:6379`,
    ],
  },
  {
    name: 'HTTPS_PROXY',
    of: ({ gateway }) => gateway.spotify.proxy?.url ?? null,
    byDefault: null,
    good: [
      'http://proxy.example:3128',
      'http://proxy.example:3128/',
      'https://user:password@proxy.example',
      'http://user:100%25@proxy.example',
    ].map((url) => [url, url]),
    bad: [
      canary,
      `${canary}:3128`,
      `socks5://${canary}`,
      `ftp://user:${canary}@proxy.example`,
      `http://proxy.example/${canary}.pac`,
      `http://proxy.example:3128/?${canary}`,
      `http://user:${canary}%@proxy.example:3128`,
    ],
  },
  {
    name: 'NO_PROXY',
    of: (config) => config.gateway.spotify.proxy ?? '',
    byDefault: '',
    good: [],
    bad: [],
  },
  {
    name: 'DATA_DIR',
    of: (config) => (config.sandbox ? '.data' : config.gateway.spotify.dataDir),
    byDefault: '.data',
    good: [],
    bad: [],
  },
  {
    name: 'SPOTIFY_DAILY_LIMITS',
    of: ({ gateway }) => gateway.spotify.dailyLimits,
    byDefault: new Map(),
    good: [
      ['artists/albums=100', new Map([['artists/albums', 100]])],
      ['artists/albums=2', new Map([['artists/albums', 2]])],
      ['artists/albums=100, search = 200', new Map(Object.entries({ 'artists/albums': 100, search: 200 }))],
    ],
    bad: [
      canary,
      `${canary}=100`,
      'artists/albums',
      'artists/albums=',
      'artists/albums=0',
      'artists/albums=1',
      'artists/albums=-1',
      'artists/albums=1.5',
      'artists/albums=1e3',
      'artists/albums=100;search=200',
      'artists/albums=100=200',
      'artists/albums=100,,search=200',
      'constructor=1',
    ],
  },
  { name: 'EXPOSE_QUOTA', of: ({ gateway }) => gateway.exposeQuota, ...switches },
  {
    name: 'SPOTIFY_RATE_LIMIT',
    of: ({ gateway }) => gateway.spotify.rateLimit,
    byDefault: null,
    good: [
      ['1', 1],
      ['180', 180],
    ],
    bad: [...noNumbers, '0'],
  },
  {
    name: 'UPSTREAM_CONCURRENCY',
    of: ({ gateway }) => gateway.spotify.concurrency,
    byDefault: 24,
    good: [
      ['1', 1],
      ['50', 50],
    ],
    bad: [...noNumbers, '0'],
  },
  {
    name: 'UPSTREAM_TIMEOUT_MS',
    of: ({ gateway }) => gateway.spotify.timeoutMs,
    byDefault: 2500,
    good: [['800', 800]],
    bad: [...noNumbers, '0', beyondTimers],
  },
  {
    name: 'REQUEST_TIMEOUT_MS',
    of: ({ gateway }) => gateway.requestTimeoutMs,
    byDefault: 8000,
    good: [['1500', 1500]],
    bad: [...noNumbers, '0', beyondTimers],
  },
  {
    name: 'MAX_UPSTREAM_CALLS',
    of: ({ gateway }) => gateway.maxUpstreamCalls,
    byDefault: 100,
    good: [
      ['1', 1],
      ['500', 500],
    ],
    bad: [...noNumbers, '0'],
  },
  {
    name: 'CACHE_TTL_SECONDS',
    of: ({ gateway }) => gateway.spotify.freshMs,
    byDefault: null,
    good: [
      ['0', 0],
      ['60', 60_000],
    ],
    bad: [...noNumbers, '99999999999999999999'],
  },
  {
    name: 'CACHE_STALE_SECONDS',
    of: ({ gateway }) => gateway.spotify.staleMs,
    byDefault: 604_800_000,
    good: [
      ['0', 0],
      ['60', 60_000],
    ],
    bad: [...noNumbers, '99999999999999999999'],
  },
  {
    name: 'CORS_ORIGINS',
    of: ({ gateway }) => gateway.corsOrigins,
    byDefault: [],
    good: [
      ['https://app.example', ['https://app.example']],
      ['https://app.example,http://localhost:3000', ['https://app.example', 'http://localhost:3000']],
      ['https://app.example, https://b.example:8443', ['https://app.example', 'https://b.example:8443']],
      ['http://[::1]:3000,http://127.0.0.1:3000', ['http://[::1]:3000', 'http://127.0.0.1:3000']],
      ['capacitor://localhost,ionic://localhost', ['capacitor://localhost', 'ionic://localhost']],
      ['tauri://localhost,app://obsidian.md', ['tauri://localhost', 'app://obsidian.md']],
      ['moz-extension://0f3c5a1e-1b2c', ['moz-extension://0f3c5a1e-1b2c']],
      ['chrome-extension://abcdefghijklmnop', ['chrome-extension://abcdefghijklmnop']],
    ],
    bad: [
      canary,
      '*',
      'null',
      'app.example',
      'https://*.example',
      'https://app.example,https://*.app.example',
      'htps://app.example',
      'htpps://app.example',
      'hhtp://app.example',
      'httsp://app.example',
      'wss://app.example',
      'ftp://app.example',
      'capacitor://',
      'capacitor://localhost/',
      'capacitor://*',
      'capacitor:localhost',
      'Capacitor://localhost',
      'localhost:3000',
      'file://',
      'file:///',
      'javascript:alert(1)',
      `capacitor://user:${canary}@localhost`,
      `https://app.example/${canary}`,
      `https://user:${canary}@app.example`,
      `https://app.example,${canary}`,
      'https://app.example https://b.example',
    ],
  },
  { name: 'GRAPHIQL', of: ({ gateway }) => gateway.graphiql, ...switches },
  { name: 'INTROSPECTION', of: ({ gateway }) => gateway.introspection, ...switches },
  {
    name: 'TRUSTED_DOCUMENTS',
    of: ({ gateway }) => gateway.trustedDocuments,
    byDefault: null,
    good: [
      [manifest('good.json', '{"sha256:1f":"{ a }"}'), new Map([['sha256:1f', '{ a }']])],
      [manifest('apollo.json', apolloManifest([{ id: '1f', body: '{ a }' }])), new Map([['1f', '{ a }']])],
    ],
    bad: [
      canary,
      folder,
      manifest('broken.json', `{"${canary}":`),
      manifest('list.json', `["${canary}"]`),
      manifest('numbers.json', `{"${canary}":1}`),
      manifest('null.json', 'null'),
      manifest('format.json', `{"format":"${canary}","operations":[]}`),
      manifest('no-operations.json', apolloManifest(canary)),
      manifest('no-id.json', apolloManifest([{ name: canary, body: '{ a }' }])),
      manifest('no-body.json', apolloManifest([null, { id: canary }])),
    ],
  },
  {
    name: 'LOG_LEVEL',
    of: ({ logLevel }) => logLevel,
    byDefault: 'info',
    good: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => [level, level]),
    bad: [canary, 'INFO', 'verbose', '30'],
  },
];

/** The message of the error for an invalid environment. */
function errorMessage(environment: Environment): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the environment is valid');
}

describe.each(variables)('$name', ({ name, of, byDefault, good, bad }) => {
  test(`${name} has its default if it is not set or empty`, () => {
    expect(of(readConfig({}))).toEqual(byDefault);
    expect(of(readConfig({ [name]: '' }))).toEqual(byDefault);
  });

  test.each(good)(`${name} accepts "%s"`, (value, meaning) => {
    expect(of(readConfig({ [name]: value }))).toEqual(meaning);
  });

  test.each(bad)(
    `${name} rejects "%s" with its name, its value if it cannot be secret, and a reference`,
    (value) => {
      const message = errorMessage({ [name]: value });
      expect(message).toMatch(new RegExp(`^${name} must (be|name) .*\\.$`, 'm'));
      expect(message).toMatch(/^See "Configuration" in the README\.$/m);
      if (mayContainCredentials(value)) expect(message).not.toContain(canary);
      else expect(message).toContain(`, but is ${JSON.stringify(value)}.`);
    },
  );
});

describe('the credentials', () => {
  test('two credentials are used, and there is no sandbox', () => {
    const { sandbox, gateway } = readConfig(credentials);
    expect(sandbox).toBeNull();
    expect(gateway.spotify).toMatchObject({ clientId: 'some-id', clientSecret: 'some-secret' });
  });

  test('the sandbox is used if both credentials are missing or empty', () => {
    expect(readConfig({}).sandbox).toBe('development');
    expect(readConfig({ SPOTIFY_CLIENT_ID: '', SPOTIFY_CLIENT_SECRET: '' }).sandbox).toBe('development');
  });

  test.each([
    ` ${canary}`,
    `${canary}\t`,
    `${canary}\u00a0`,
    `"${canary}"`,
    `'${canary}`,
    '<your client id>',
    '<client-id>',
    'your-client-id',
    'YOUR_CLIENT_SECRET',
    'my_spotify_client_id',
    'client_id_here',
    '…',
    '<…>',
    'changeme',
    'xxxxxxxx',
    '...',
    '$SPOTIFY_CLIENT_ID',
  ])('credentials with blanks or quotes, and placeholders, are rejected and not shown: %s', (value) => {
    for (const name of Object.keys(credentials)) {
      const message = errorMessage({ ...credentials, [name]: value });
      expect(message).toMatch(new RegExp(`^${name} must be `));
      expect(message).not.toContain(value.trim());
    }
  });

  test.each(['“secret”', '‘secret’', '„secret“', '"secret"'])(
    'the quotes around a credential are named: %s',
    (value) => {
      const message = errorMessage({ ...credentials, SPOTIFY_CLIENT_SECRET: value });
      expect(message).toContain('SPOTIFY_CLIENT_SECRET must be without quotes.');
    },
  );

  test('the line break at the end of a credential, which a Secret made of a file has, is named', () => {
    const message = errorMessage({ ...credentials, SPOTIFY_CLIENT_SECRET: 'secret\n' });
    expect(message).toContain('SPOTIFY_CLIENT_SECRET must be without line breaks, also at its end.');
  });

  test('a placeholder for PURGE_TOKEN, which is no value of the app, is called a placeholder', () => {
    const message = errorMessage({ ...credentials, PURGE_TOKEN: '<token>' });
    expect(message).toContain('PURGE_TOKEN must be a text of your own, not a placeholder.');
  });

  test('the placeholder of the README is called a placeholder', () => {
    const message = errorMessage({ ...credentials, SPOTIFY_CLIENT_SECRET: '…' });
    expect(message).toContain('SPOTIFY_CLIENT_SECRET must be the value of your app, not a placeholder.');
  });

  test.each<Environment>([
    { SPOTIFY_CLIENT_ID: canary },
    { SPOTIFY_CLIENT_SECRET: canary },
    { SPOTIFY_CLIENT_ID: canary, SPOTIFY_CLIENT_SECRET: '' },
    { SPOTIFY_CLIENT_ID: '', SPOTIFY_CLIENT_SECRET: canary },
  ])(
    'one credential without the other is rejected; the message names the missing one and shows neither: %o',
    (environment) => {
      const message = errorMessage(environment);
      const missing = environment['SPOTIFY_CLIENT_ID'] ? 'SPOTIFY_CLIENT_SECRET' : 'SPOTIFY_CLIENT_ID';
      expect(message).toContain(`: ${missing} is missing.`);
      expect(message).toMatch(/^SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET must be set together/m);
      expect(message).toContain('"Configuration" in the README');
      expect(message).not.toContain(canary);
    },
  );
});

describe('the environment as a whole', () => {
  test.each(['GRAPHIQL', 'INTROSPECTION', 'EXPOSE_QUOTA'])(
    'production turns %s off, unless it is turned on by name',
    (name) => {
      const of = variables.find((variable) => variable.name === name)?.of;
      const inProduction = (value: string) => of?.(readConfig({ NODE_ENV: 'production', [name]: value }));
      expect(inProduction('')).toBe(false);
      expect(inProduction('true')).toBe(true);
      expect(inProduction('false')).toBe(false);
    },
  );

  test('a NODE_ENV other than production leaves GraphiQL, introspection and quota figures on', () => {
    for (const NODE_ENV of ['development', 'test', 'staging', '']) {
      expect(readConfig({ NODE_ENV }).gateway).toMatchObject({
        graphiql: true,
        introspection: true,
        exposeQuota: true,
      });
    }
  });

  test('empty variables have the same effect as unset variables', () => {
    const empty = Object.fromEntries(variables.map(({ name }) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test('one message names all malformed variables', () => {
    const message = errorMessage({ PORT: canary, LOG_LEVEL: canary, SPOTIFY_API_URL: canary });
    for (const name of ['PORT', 'LOG_LEVEL', 'SPOTIFY_API_URL']) expect(message).toContain(name);
  });

  test('a long malformed value is shown in part and in one line', () => {
    expect(errorMessage({ PORT: `a\nb${'c'.repeat(1_000)}` }).split('\n')[0]).toMatch(/"a\\nbc{97}…"\.$/);
  });

  test('data is kept on disk only with credentials, without Redis and unless DATA_DIR is none', () => {
    const dataDir = (environment: Environment) => readConfig(environment).gateway.spotify.dataDir;
    expect(dataDir({})).toBeNull();
    expect(dataDir({ DATA_DIR: '/data' })).toBeNull();
    expect(dataDir(credentials)).toBe('.data');
    expect(dataDir({ ...credentials, DATA_DIR: '/data' })).toBe('/data');
    expect(dataDir({ ...credentials, DATA_DIR: 'none' })).toBeNull();
    expect(dataDir({ ...credentials, DATA_DIR: '/data', REDIS_URL: 'redis://localhost' })).toBeNull();
  });

  test('processes that share no data have parts of the limits, and a limit that is too low for them is an error', () => {
    const limits = (environment: Environment, canUseDataDir = () => true) => {
      const { rateLimit, dailyLimits } = readConfig({ ...credentials, ...environment }, canUseDataDir).gateway
        .spotify;
      return [rateLimit, ...dailyLimits.values()];
    };
    const processes = { WEB_CONCURRENCY: '4', DATA_DIR: 'none' };
    const enough = { SPOTIFY_RATE_LIMIT: '7', SPOTIFY_DAILY_LIMITS: 'search=11' };
    expect(limits({ ...processes, ...enough })).toEqual([1, 2]);
    expect(limits({ ...enough, WEB_CONCURRENCY: '4' })).toEqual([7, 11]);
    for (const [name, value, least, shown] of [
      ['SPOTIFY_RATE_LIMIT', '3', 4, '3'],
      ['SPOTIFY_DAILY_LIMITS', 'artists=9,search=7', 8, 'search=7'],
    ] as const) {
      const tooLow = { [name]: value, WEB_CONCURRENCY: '4' };
      const message = new RegExp(
        `^${name} must be at least ${least} for 4 processes .*, but is "${shown}"\\.`,
      );
      expect(() => limits({ ...tooLow, DATA_DIR: 'none' })).toThrow(message);
      expect(() => limits(tooLow, () => false)).toThrow(message);
      expect(() => limits(tooLow)).not.toThrow();
    }
  });

  test('the variables of the proxy may be in lower case, as for other programs', () => {
    const proxyOf = (environment: Environment) => readConfig(environment).gateway.spotify.proxy;
    const [url, other] = ['http://proxy.example:3128', 'http://other.example'];
    expect(proxyOf({ https_proxy: url, no_proxy: 'a.example' })).toEqual({ url, noProxy: 'a.example' });
    expect(proxyOf({ https_proxy: other, HTTPS_PROXY: url })).toEqual({ url, noProxy: '' });
    expect(proxyOf({ NO_PROXY: 'a.example' })).toBeNull();
  });

  test('variables of other programs have no effect', () => {
    expect(readConfig({ PATH: '/bin', REACT_APP_PORT: canary })).toEqual(readConfig({}));
  });
});

test('the README has the section that messages name, and the section names every variable', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const section = /^## Configuration\n.*?(?=^## )/ms.exec(readme)?.[0] ?? '';
  const names = [...variables.map(({ name }) => name), ...Object.keys(credentials)];
  expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

describe('a process with an environment that cannot be used', () => {
  test.each<{ name: string; environment: Environment }>([
    { name: 'PORT', environment: { PORT: canary } },
    { name: 'HOST', environment: { HOST: `${canary} is no host` } },
    { name: 'HOST', environment: { HOST: '203.0.113.1' } }, // well formed, but no machine has it: reserved for documentation
    { name: 'SPOTIFY_API_URL', environment: { SPOTIFY_API_URL: `https://user:${canary}@spotify.example` } },
    {
      name: 'SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET',
      environment: { SPOTIFY_CLIENT_SECRET: canary },
    },
  ])(
    'a process with an invalid $name exits with 1 within a second and names it on stderr only',
    async ({ name, environment }) => {
      const { code, out, err } = await quickest(() => runServer({ PORT: '0', ...environment }).ended);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(new RegExp(`^${name} `, 'm'));
      expect(err).toContain('"Configuration" in the README');
      for (const [variable, value] of Object.entries(environment))
        if (variable === 'SPOTIFY_CLIENT_SECRET' || mayContainCredentials(value))
          expect(err).not.toContain(value);
      expect(err).not.toMatch(/^ +at /m);
    },
  );

  test('a process with a bad line in its .env file exits with 1 and names the variable on stderr only', async () => {
    const { code, out, err } = await runServer({}, `PORT=${canary}\n`).ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^PORT must be .*canary/m);
  });
});

/** The first of three runs that takes less than a second. */
async function quickest(run: () => Promise<Ended>): Promise<Ended> {
  const times: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const ended = await run();
    const limitMs = await scaledLimit(1_000);
    // A process with a signal was killed because its test had ended.
    if (ended.aliveMs < limitMs || ended.signal !== null) return ended;
    times.push(`${Math.round(ended.aliveMs)} ms where ${Math.round(limitMs)} were allowed`);
  }
  throw new Error(`took ${times.join(', ')}`);
}
