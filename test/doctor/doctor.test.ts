import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDoctorCommand } from '../../src/doctor/command.ts';
import type { Findings } from '../../src/doctor/findings.ts';
import {
  type Fault,
  type FaultRule,
  type PresetName,
  presetNames,
  type QuotaMode,
  type SandboxOptions,
} from '../../src/sandbox/index.ts';
import { upstreamOf } from '../support/process.ts';
import { edit, errorResponse } from '../support/schema-tests.ts';
import { temporaryFolder } from '../support/temporary-files.ts';
import { freePort } from '../support/test-server.ts';
import { startUpstream } from '../support/upstream.ts';

/** The findings of the examination for each kind of app and each reported behaviour of Spotify, and its calls. */

type Report = Findings & { advice: { variable: string; value: string }[] };

async function runCommand(variables: Record<string, string>, ...args: string[]) {
  const file = join(temporaryFolder(), 'spotify-report.json');
  const printed: string[] = [];
  const errors: string[] = [];
  const exitCode = await runDoctorCommand(['--report', file, ...args], {
    environment: () => variables,
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
  });
  return { exitCode, output: printed.join('\n'), errors: errors.join('\n'), file };
}

/** Examines the app of a sandbox with these faults. */
async function examineSandbox(options: SandboxOptions, ...faults: FaultRule[]) {
  const sandbox = await startUpstream(options);
  for (const rule of faults) sandbox.faults.add(rule);
  const result = await runCommand(upstreamOf(sandbox));
  const text = readFileSync(result.file, 'utf8');
  const calls = sandbox.calls();
  return {
    ...result,
    sandbox,
    text,
    report: JSON.parse(text) as Report,
    apiCalls: calls.filter(({ kind }) => kind === 'api').map(({ route, status }) => `${route} ${status}`),
    tokenCalls: calls.filter(({ kind }) => kind === 'token').length,
  };
}

const modes: Record<QuotaMode, Partial<Findings>> = {
  development: { kind: 'development', premium: 'active', pageSize: 10, batch: false, unreliableTotals: [] },
  extended: { kind: 'extended', premium: 'active', pageSize: 50, batch: true, unreliableTotals: [] },
};

const everyTotal = ['albums', 'artists', 'audiobooks', 'episodes', 'playlists', 'shows', 'tracks'];
const repeatedSearch = (status: number) => ({ repeated: [{ family: 'search', status }] });
const oldApp: Partial<Findings> = { kind: 'old-development', pageSize: 50, batch: true };
const nothingKnown: Partial<Findings> = { kind: 'unknown', premium: 'lapsed', pageSize: null, batch: null };

/** The findings that differ from those of the mode alone; `old-development-app` is a kind of app of its own. */
const findingsOfPreset: Record<PresetName, (mode: QuotaMode) => Partial<Findings>> = {
  'quota-2026': () => ({ usedUpQuotas: [] }),
  'total-zero': () => ({ unreliableTotals: everyTotal }),
  'drifting-totals': () => ({ unreliableTotals: everyTotal }),
  'empty-403': () => repeatedSearch(403),
  'html-502': () => repeatedSearch(502),
  'empty-503': () => repeatedSearch(503),
  'flaky-404': () => repeatedSearch(404),
  'premium-lapsed': () => nothingKnown,
  'old-development-app': (mode) => (mode === 'development' ? oldApp : {}),
};

const quotaModes = ['development', 'extended'] as const;
const cases = quotaModes.flatMap((mode) => [
  [mode, 'no preset', undefined, modes[mode]] as const,
  ...presetNames.map(
    (preset) => [mode, preset, preset, { ...modes[mode], ...findingsOfPreset[preset](mode) }] as const,
  ),
]);

test.each(cases)(
  'an app in %s mode with %s is described with at most 8 calls, and every response is as expected',
  async (quotaMode, _name, preset, expected) => {
    const { report, apiCalls, tokenCalls, exitCode, output } = await examineSandbox({
      quotaMode,
      ...(preset && { preset }),
    });
    expect(report).toMatchObject({ ...expected, differences: [], rateLimitedSeconds: null });
    expect(apiCalls.length).toBeLessThanOrEqual(8);
    expect(tokenCalls).toBe(1);
    expect(output).toContain(`Checked with ${apiCalls.length} of at most 8 Spotify calls`);
    expect(exitCode).toBe(preset === 'premium-lapsed' ? 1 : 0);
  },
);

test('the report has the endpoint families, withheld fields, market and recommended variables of the app', async () => {
  const { report } = await examineSandbox({ quotaMode: 'development' });
  expect(report.families).toMatchObject({
    search: 'available',
    albums: 'available',
    'artists/top-tracks': 'documented-as-withheld',
    'albums/tracks': 'not-checked',
  });
  expect(report.fields.withheld).toMatchObject({ 'Artist.genres': true, 'Show.publisher': true });
  expect(report.market).toEqual({ without: 'none', withStatesPlayable: true });
  expect(report.advice.map(({ variable }) => variable)).toEqual(['SPOTIFY_QUOTA_MODE', 'SPOTIFY_MARKET']);
  const { report: extended } = await examineSandbox({ quotaMode: 'extended' });
  expect(extended.families).toMatchObject({ 'artists/top-tracks': 'available' });
  expect(extended.fields.withheld).toMatchObject({ 'Artist.genres': false, 'Show.publisher': false });
  expect(extended.market).toEqual({ without: 'listed', withStatesPlayable: true });
});

test('a lapsed Premium subscription is found with one call', async () => {
  const { apiCalls, output } = await examineSandbox({ preset: 'premium-lapsed' });
  expect(apiCalls).toEqual(['search 403']);
  expect(output).toContain('no active Premium subscription');
  expect(output).not.toContain('Configure');
});

const quotaUsedUp = (...route: string[]): FaultRule => ({
  on: { route },
  fault: {
    kind: 'budget',
    calls: 0,
    windowSeconds: 86_400,
    per: 'family',
    form: 'quota',
    countRefused: true,
  },
});

test('a used-up daily quota of one family is stated with its time, and the other families are read', async () => {
  const { report, apiCalls, output } = await examineSandbox(
    { quotaMode: 'extended' },
    quotaUsedUp('artists/albums'),
  );
  expect(report.usedUpQuotas).toEqual([{ family: 'artists/albums', seconds: expect.any(Number) }]);
  expect(report.families).toMatchObject({ 'artists/albums': 'quota-used-up', search: 'available' });
  expect(report.kind).toBe('extended');
  expect(apiCalls.filter((call) => call.startsWith('artists/albums'))).toEqual(['artists/albums 429']);
  expect(output).toContain('USED UP for artists/albums (free again in');
});

test.each(['development', 'extended'] as const)(
  'with the quotas of search and albums used up, an artist shows that the app is in %s mode',
  async (quotaMode) => {
    const { report, apiCalls, output } = await examineSandbox(
      { quotaMode },
      quotaUsedUp('search', 'artists/albums'),
    );
    expect(apiCalls).toEqual(['search 429', 'artists/albums 429', 'artists 200']);
    expect(report).toMatchObject({ kind: quotaMode, premium: 'active', differences: [] });
    expect(output).toContain('USED UP for search (free again in');
  },
);

test.each<[string, Fault]>([
  ['the quota of albums is used up', { kind: 'rate-limit', form: 'quota', retryAfterSeconds: 3_600 }],
  ['the short rate limit rejects the batch', { kind: 'rate-limit', retryAfterSeconds: 20 }],
  ['the batch fails', { kind: 'answer', status: 503 }],
])(
  'if %s, pages of 50 show that an app keeps its old endpoints, and the mode that would end them is not recommended',
  async (_name, fault) => {
    const { report } = await examineSandbox(
      { preset: 'old-development-app' },
      { on: { route: 'albums' }, fault },
    );
    expect(report).toMatchObject({ kind: 'old-development', pageSize: 50, batch: null });
    expect(report.advice.map(({ variable }) => variable)).not.toContain('SPOTIFY_QUOTA_MODE');
  },
);

test('pages of 50 without batches fit no kind of app, so no mode is recommended', async () => {
  const { report } = await examineSandbox(
    { preset: 'old-development-app' },
    { on: { route: 'albums', batch: true }, fault: { kind: 'withdrawn' } },
  );
  expect(report).toMatchObject({ kind: 'unknown', pageSize: 50, batch: false });
  expect(report.advice.map(({ variable }) => variable)).not.toContain('SPOTIFY_QUOTA_MODE');
});

test('the short rate limit ends the examination at once', async () => {
  const { report, apiCalls, exitCode } = await examineSandbox({ quotaMode: 'extended', rateLimit: 1 });
  expect(apiCalls).toEqual(['search 200', 'artists/albums 429']);
  expect(report.rateLimitedSeconds).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
});

test('each difference from the expected shapes is reported with its place and types, and without values', async () => {
  const fault = edit(
    { path: 'artists.items.0.genres', set: ['a new genre'] },
    { path: 'tracks.items.0.duration_ms', set: 'a text' },
    { path: 'albums.items.1.name', remove: true },
  );
  const { report, text, output } = await examineSandbox(
    { quotaMode: 'development' },
    { on: { route: 'search' }, fault },
  );
  expect(report.differences).toEqual(
    expect.arrayContaining([
      { place: 'search artists.items[].genres', expected: 'absent', found: 'array', count: 2 },
      { place: 'search tracks.items[].duration_ms', expected: 'integer', found: 'string', count: 2 },
      { place: 'search albums.items[].name', expected: 'string', found: 'absent', count: 2 },
    ]),
  );
  expect(report.differences).toHaveLength(3);
  expect(text).not.toMatch(/a new genre|a text/);
  expect(output).toContain('with 3 differences from the shapes that this version expects');
});

test.each(
  ['search', 'artists/albums', 'albums', 'tracks', 'shows'].flatMap((route) =>
    [null, [], 'a text', 7].map((json) => [route, json] as const),
  ),
)('a response of %s that is no object, but %o, is a difference in the report', async (route, json) => {
  const { report, exitCode } = await examineSandbox(
    { quotaMode: 'extended' },
    { on: { route }, fault: { kind: 'answer', status: 200, json } },
  );
  expect(report.differences).toContainEqual(
    expect.objectContaining({
      place: expect.stringMatching(new RegExp(`^${route.split('/')[0]}\\S*$`)),
      expected: 'object',
    }),
  );
  expect(exitCode).toBe(0);
});

test.each([
  ['HTML', { kind: 'answer', text: '<html>A page of a proxy</html>' }, 'it is not JSON'],
  ['a body that is too large', { kind: 'answer', text: ' '.repeat(3_000_000) }, 'it is too large'],
] as const)(
  'a response of status 200 with %s fails its own step of the examination, and the others are made',
  async (_, fault, cause) => {
    const { report, apiCalls, output, exitCode } = await examineSandbox(
      { quotaMode: 'development' },
      { on: { route: 'search' }, times: 1, fault },
    );
    expect(apiCalls).toEqual([
      'search 200',
      'artists/albums 200',
      'artists 200',
      'albums 403',
      'albums 200',
      'tracks 200',
    ]);
    expect(report).toMatchObject({ kind: 'development', premium: 'active', pageSize: null, batch: false });
    expect(report.families).toMatchObject({ search: 'failed', albums: 'available', artists: 'available' });
    expect(output).toContain(`failed: search (unusable response: ${cause})`);
    expect(exitCode).toBe(0);
  },
);

test.each<[place: string, fault: Fault]>([
  ['a response', edit({ path: 'a-secret-of-an-app', set: 'an-id-of-an-app' })],
  ['the message of an error', errorResponse(400, 'an-id-of-an-app has the secret a-secret-of-an-app')],
])(
  'neither the report nor the output has the credentials or a token, even if Spotify repeats them in %s',
  async (_, fault) => {
    const { text, output, sandbox } = await examineSandbox(
      { clientId: 'an-id-of-an-app', clientSecret: 'a-secret-of-an-app' },
      { on: { route: 'search' }, fault },
    );
    const bearer = sandbox.calls().map(({ headers }) => headers['authorization']?.split(' ')[1] ?? '');
    for (const secret of ['a-secret-of-an-app', 'an-id-of-an-app', ...bearer])
      expect(`${text}${output}`).not.toContain(secret);
    expect(text).toContain('[redacted]');
  },
);

test('with --json the report is printed', async () => {
  const sandbox = await startUpstream();
  const { output, exitCode } = await runCommand(upstreamOf(sandbox), '--json');
  expect(JSON.parse(output)).toMatchObject(modes.development);
  expect(exitCode).toBe(0);
});

test('without credentials, the doctor states how to get credentials', async () => {
  const { exitCode, errors } = await runCommand({});
  expect(errors).toContain('Create an app on https://developer.spotify.com/dashboard');
  expect(errors).toContain('SPOTIFY_CLIENT_SECRET=');
  expect(exitCode).toBe(1);
});

test('a misspelled variable has a warning, also if credentials are missing because of it', async () => {
  const { exitCode, errors } = await runCommand({
    SPOTIFY_CLIENTID: 'canary-3f9c1',
    SPOTIFY_SECRET: 'canary-3f9c1',
  });
  expect(errors).toContain('The variable SPOTIFY_CLIENTID is not read: did you mean SPOTIFY_CLIENT_ID?');
  expect(errors).toContain('The variable SPOTIFY_SECRET is not read: did you mean SPOTIFY_CLIENT_SECRET?');
  expect(errors).not.toContain('canary');
  expect(exitCode).toBe(1);
});

test('rejected credentials are reported with the message of Spotify and the names of the variables', async () => {
  const sandbox = await startUpstream();
  const variables = { ...upstreamOf(sandbox), SPOTIFY_CLIENT_SECRET: 'another-secret' };
  const { exitCode, errors } = await runCommand(variables);
  expect(errors).toContain(
    'SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET: invalid_client: Invalid client secret',
  );
  expect(errors).not.toContain('another-secret');
  expect(exitCode).toBe(1);
  expect(sandbox.calls().map(({ kind }) => kind)).toEqual(['token']);
});

test.each([
  [
    'SPOTIFY_CLIENT_SECRET',
    'The id is right, but the secret is wrong: copy the secret from the dashboard of your app (https://developer.spotify.com/dashboard).',
  ],
  [
    'SPOTIFY_CLIENT_ID',
    'Spotify knows no app with this id: copy the id and the secret from the dashboard of your app (https://developer.spotify.com/dashboard).',
  ],
])(
  'if only %s is wrong, the message states this and where the right value is found',
  async (name, advice) => {
    const sandbox = await startUpstream();
    const { errors } = await runCommand({ ...upstreamOf(sandbox), [name]: 'another-value' });
    expect(errors).toContain(advice);
    expect(errors).not.toContain('another-value');
  },
);

test('a Spotify that cannot be reached is reported with the address and the code of the system', async () => {
  const SPOTIFY_TOKEN_URL = `http://127.0.0.1:${await freePort()}/api/token`;
  const { exitCode, errors } = await runCommand({
    ...upstreamOf(await startUpstream()),
    SPOTIFY_TOKEN_URL,
  });
  expect(errors).toContain(`There is no token from ${SPOTIFY_TOKEN_URL}: ECONNREFUSED`);
  expect(exitCode).toBe(2);
});

test('a Web API that cannot be reached is reported with the code of the system, after three attempts', async () => {
  const sandbox = await startUpstream();
  const { exitCode, output, errors } = await runCommand({
    ...upstreamOf(sandbox),
    SPOTIFY_API_URL: `http://127.0.0.1:${await freePort()}/v1`,
  });
  expect(output).toContain('Checked with 3 of at most 8 Spotify calls');
  expect(output).toContain('failed: search (no response: ECONNREFUSED)');
  expect(errors).toContain(
    'No call succeeded. Check the network, HTTPS_PROXY and SPOTIFY_API_URL, or try again later.',
  );
  expect(exitCode).toBe(2);
});

test('if Spotify responds to every call with an error, the message points to the report and not to the network', async () => {
  const sandbox = await startUpstream();
  sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
  const { exitCode, output, errors } = await runCommand(upstreamOf(sandbox));
  expect(output).toContain('search (500)');
  expect(errors).toContain('Spotify responds, but no call succeeded: see the report, or try again later.');
  expect(errors).not.toContain('network');
  expect(exitCode).toBe(2);
});

test('an unknown option and a report that cannot be written are errors', async () => {
  expect(await runCommand({}, '--jsn')).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining("'--jsn'"),
  });
  const { errors } = await runCommand({}, '--report', '--json');
  expect(errors).toContain('ambiguous');
  expect(errors, "the hints about Node's syntax are left out").not.toContain('Did you');
  const sandbox = await startUpstream();
  const result = await runCommand(
    upstreamOf(sandbox),
    '--report',
    join(temporaryFolder(), 'no-folder', 'report.json'),
  );
  expect(result).toMatchObject({ exitCode: 1, errors: expect.stringContaining('cannot be written') });
});
