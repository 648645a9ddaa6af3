import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';
import type { Environment } from './support/process.ts';
import { manifestOf } from './support/temporary-files.ts';

const warningsOf = (environment: Environment): readonly string[] => readConfig(environment).warnings;
const credentials = { SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRET: 'some-secret' };

describe('a variable that is not read', () => {
  test.each([
    ['SPOTIFY_CLIENTID', 'SPOTIFY_CLIENT_ID'],
    ['SPOTIFYAPIURL', 'SPOTIFY_API_URL'],
    ['SPOTIPY_CLIENT_SECRET', 'SPOTIFY_CLIENT_SECRET'],
    ['SPOTIFY_CLEINT_ID', 'SPOTIFY_CLIENT_ID'],
    ['SPOTIFY_SECRET', 'SPOTIFY_CLIENT_SECRET'],
    ['spotify_client_id', 'SPOTIFY_CLIENT_ID'],
    ['PROT', 'PORT'],
    ['REDIS_URI', 'REDIS_URL'],
    ['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT_MS'],
    ['GRAPHQL', 'GRAPHIQL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
  ])('an unread variable has a warning with the probable name and without its value: %s', (name, meant) => {
    expect(warningsOf({ [name]: 'canary-3f9c1' })).toEqual([
      `The variable ${name} is not read: did you mean ${meant}?`,
    ]);
  });

  test('an unread variable has no warning if it is empty, or if the variable with the similar name is set', () => {
    expect(warningsOf({ PROT: '' })).toEqual([]);
    expect(warningsOf({ PROT: '1', PORT: '2' })).toEqual([]);
  });

  test('an unread variable has no warning if other programs and systems use it', () => {
    const names =
      'PATH HOME HOSTNAME USER SHELL PWD OLDPWD TERM LANG LANGUAGE LOGNAME MAIL TMPDIR TZ EDITOR PAGER CI DEBUG COLORTERM ' +
      'SHLVL DISPLAY SSH_AUTH_SOCK XDG_DATA_DIRS XDG_RUNTIME_DIR NODE NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS HTTP_PROXY ' +
      'http_proxy ALL_PROXY INIT_CWD npm_config_cache npm_config_noproxy npm_package_name npm_lifecycle_event ' +
      'KUBERNETES_SERVICE_HOST KUBERNETES_PORT DATABASE_URL POSTGRES_HOST POSTGRES_PORT REDIS_HOST REDIS_PORT REDIS_PASSWORD ' +
      'SENTRY_DSN AWS_REGION OTEL_SERVICE_NAME SPOTIFY_REDIRECT_URI SPOTIFY_REFRESH_TOKEN CLIENT_ID CLIENT_SECRET';
    expect(warningsOf(Object.fromEntries(names.split(' ').map((name) => [name, 'x'])))).toEqual([]);
  });

  test('an unread variable is named beside the error that it has caused', () => {
    const start = () => readConfig({ SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRETS: 'canary-3f9c1' });
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(/must be set together.*\n.*did you mean SPOTIFY_CLIENT_SECRET\?/);
    expect(start).not.toThrow('canary');
  });
});

test('a manifest of trusted documents without documents, with which every request is an error, has a warning', () => {
  expect(warningsOf({ TRUSTED_DOCUMENTS: manifestOf({}) })).toEqual([
    'TRUSTED_DOCUMENTS has no documents: every request is rejected.',
  ]);
  expect(warningsOf({ TRUSTED_DOCUMENTS: manifestOf({ '1f': '{ a }' }) })).toEqual([]);
});

test('a start without the manifest of trusted documents states that the file cannot be read, not that its form is wrong', () => {
  const start = () => readConfig({ TRUSTED_DOCUMENTS: 'absent.json' });
  expect(start).toThrow('TRUSTED_DOCUMENTS must be a file that can be read (ENOENT), but is "absent.json".');
});

test('a malformed list of origins causes a message that rules out the usual mistakes', () => {
  const start = () => readConfig({ CORS_ORIGINS: 'https://app.example/' });
  expect(start).toThrow(
    'CORS_ORIGINS must be origins such as https://example.org, without a path, a slash at the end or a wildcard, and with commas between them, but is "https://app.example/".',
  );
});

test('a daily limit that is given twice for one family stops the start, because only one of them could be meant', () => {
  const start = () => readConfig({ SPOTIFY_DAILY_LIMITS: 'search=100,artists=5,search=200' });
  expect(start).toThrow('SPOTIFY_DAILY_LIMITS must name each endpoint family once, but is ');
});

describe('a value that any text may be', () => {
  test.each<[Environment, RegExp]>([
    [
      { NODE_ENV: '"production"' },
      /^NODE_ENV is "\\"production\\"", not "production": GraphiQL, .* stay open\.$/,
    ],
    [{ NODE_ENV: ' production' }, /^NODE_ENV is " production", not "production"/],
    [{ ...credentials, DATA_DIR: 'None' }, /^DATA_DIR is "None", not "none": it is the name of a directory/],
    [{ ...credentials, DATA_DIR: 'none ' }, /^DATA_DIR is "none ", not "none"/],
    [{ ...credentials, DATA_DIR: '"/data"' }, /^DATA_DIR is in quotes, which are part of its value here/],
    [{ ...credentials, NO_PROXY: "'localhost,example.org'" }, /^NO_PROXY is in quotes/],
  ])(
    'a value with quotes, blanks or capitals that give it another meaning has one warning: %o',
    (environment, warning) => {
      expect(warningsOf(environment)).toEqual([expect.stringMatching(warning)]);
    },
  );

  test.each<Environment>([
    { ...credentials, DATA_DIR: 'none' },
    { ...credentials, DATA_DIR: "/data/o'neil" },
    { NODE_ENV: 'reproduction' },
  ])('a value with its usual meaning has no warning: %o', (environment) => {
    expect(warningsOf(environment)).toEqual([]);
  });
});

describe('variables that contradict each other', () => {
  test.each<[Environment, RegExp]>([
    [{ NODE_ENV: 'prod' }, /^NODE_ENV is "prod", not "production": GraphiQL, .* stay open\.$/],
    [{ NODE_ENV: 'Production' }, /^NODE_ENV is "Production"/],
    [
      { SPOTIFY_API_URL: 'http://localhost:4010/v1' },
      /^SPOTIFY_API_URL has no effect: without SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET /,
    ],
    [
      { SPOTIFY_API_URL: 'http://localhost:4010/v1', SPOTIFY_TOKEN_URL: 'http://localhost:4010/token' },
      /^SPOTIFY_API_URL and SPOTIFY_TOKEN_URL have no effect/,
    ],
    [
      { ...credentials, SANDBOX_QUOTA_MODE: 'extended' },
      /^SANDBOX_QUOTA_MODE has no effect: with SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET no sandbox is started\.$/,
    ],
    [{ NODE_ENV: 'production' }, /^NODE_ENV is "production", but .* the gateway serves made-up music\.$/],
    [
      { UPSTREAM_TIMEOUT_MS: '9000' },
      /^UPSTREAM_TIMEOUT_MS \(9000\) is longer than REQUEST_TIMEOUT_MS \(8000\)/,
    ],
    [
      { REQUEST_TIMEOUT_MS: '9001' },
      /^REQUEST_TIMEOUT_MS \(9001\) is longer than a shutdown waits \(9000\): it may cut responses off\.$/,
    ],
  ])('variables that contradict each other have one warning: %o', (environment, warning) => {
    expect(warningsOf(environment)).toEqual([expect.stringMatching(warning)]);
  });

  test.each<Environment>([
    {},
    { ...credentials, NODE_ENV: 'production' },
    { NODE_ENV: 'development' },
    { NODE_ENV: 'test' },
    { ...credentials, SPOTIFY_API_URL: 'http://localhost:4010/v1' },
    { UPSTREAM_TIMEOUT_MS: '8000' },
    { REQUEST_TIMEOUT_MS: '9000' },
  ])('variables that fit together have no warning: %o', (environment) => {
    expect(warningsOf(environment)).toEqual([]);
  });
});
