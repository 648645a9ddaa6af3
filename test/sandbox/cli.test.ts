import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InvalidOption, readOptions, usage } from '../../src/sandbox/cli-options.ts';
import { presetNames } from '../../src/sandbox/index.ts';
import { temporaryFolder } from '../support/temporary-files.ts';
import { onTestEnd } from '../support/test-end.ts';
import { tokenRequest } from './client.ts';

// Built before the tests: it starts in a tenth of the time that its sources take.
const main = fileURLToPath(new URL('../../dist/sandbox/main.js', import.meta.url));

/** Runs the program and collects its output. */
function run(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'pipe' });
  onTestEnd(() => child.kill('SIGKILL'));
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...printed }));
  return { child, printed, ended };
}

/** Runs the program until it listens. */
async function start(...args: string[]) {
  const running = run('--port', '0', ...args);
  const line = (label: string) =>
    new RegExp(`^ *${label} +(\\S+)$`, 'm').exec(running.printed.out)?.[1] ?? '';
  while (!running.printed.out.includes('Try it')) {
    if (running.child.exitCode !== null) throw new Error(running.printed.err);
    await once(running.child.stdout, 'data');
  }
  const endpoint = {
    apiUrl: line('Web API'),
    tokenUrl: line('token URL'),
    clientId: line('client id'),
    clientSecret: line('client secret'),
  };
  const token = (await (await fetch(endpoint.tokenUrl, tokenRequest(endpoint))).json()) as {
    access_token: string;
  };
  const get = (path: string) =>
    fetch(endpoint.apiUrl + path, { headers: { authorization: `Bearer ${token.access_token}` } });
  return { ...running, get };
}

const bts = '/artists/3Nrfpe0tUJi4K4DXYWgMUX';

describe('the command', () => {
  test('the sandbox command prints its addresses, its credentials and an example call, and accepts calls', async () => {
    const { get, printed } = await start();
    expect(printed.out).toContain('development mode');
    expect(printed.out).toMatch(
      /^ +curl -H "Authorization: Bearer \$TOKEN" http:\/\/127\.0\.0\.1:\d+\/v1\/artists\/3Nrf/m,
    );
    expect((await get(bts)).status).toBe(200);
    expect((await get('/artists?ids=3Nrfpe0tUJi4K4DXYWgMUX')).status).toBe(403);
  });

  test('the sandbox command prints a command that starts the gateway on the sandbox without the quota of an earlier sandbox', async () => {
    const { printed } = await start();
    const command = /^ +(SPOTIFY_API_URL=.+ npm start)$/m.exec(printed.out)?.[1] ?? '';
    expect(command.split(' ')).toEqual([
      expect.stringMatching(/^SPOTIFY_API_URL=http:\/\/127\.0\.0\.1:\d+\/v1$/),
      expect.stringMatching(/^SPOTIFY_TOKEN_URL=http:\/\/127\.0\.0\.1:\d+\/api\/token$/),
      'SPOTIFY_CLIENT_ID=sandbox-client',
      'SPOTIFY_CLIENT_SECRET=sandbox-secret',
      'DATA_DIR=none',
      'npm',
      'start',
    ]);
  });

  test('the sandbox command simulates an app with extended quota, limits the rate and applies faults from a file', async () => {
    const file = join(temporaryFolder(), 'faults.json');
    writeFileSync(file, '[{"on":{"route":"search"},"fault":{"kind":"answer","status":502}}]');
    const { get } = await start('--quota-mode', 'extended', '--rate-limit', '2', '--faults', `@${file}`);
    expect((await get('/search?q=x&type=artist')).status).toBe(502);
    expect((await get('/artists?ids=3Nrfpe0tUJi4K4DXYWgMUX')).status).toBe(200);
    const limited = await get(bts);
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(25);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'the sandbox command stops on %s within a second while a call hangs',
    async (signal) => {
      const { child, ended, get } = await start('--faults', '{"fault":{"kind":"stall"}}');
      const hanging = get(bts).catch(() => {});
      await sleep(50);
      const before = performance.now();
      child.kill(signal);
      expect((await ended).code).toBe(0);
      expect(performance.now() - before).toBeLessThan(1000);
      await hanging;
    },
  );

  test('the help of the sandbox command lists the flags, and explains each preset with its sources', async () => {
    const { code, out } = await run('--help').ended;
    expect([code, out]).toEqual([0, usage]);
    for (const flag of ['--port', '--quota-mode', '--preset', '--daily-limits', '--rate-limit', '--faults']) {
      expect(out).toContain(flag);
    }
    for (const name of presetNames) {
      const [, about = '', sources = ''] =
        new RegExp(`^  ${name}\\n([^]+?)Seen: ([^]+?)\\.$`, 'm').exec(out) ?? [];
      expect(about.trim().length, `${name} is explained`).toBeGreaterThan(20);
      expect(sources, `${name} has a source`).toMatch(/\d/);
    }
  });

  test('the sandbox command starts with presets and daily limits', async () => {
    const { get, printed } = await start(
      ...['--preset', 'old-development-app', '--preset', 'quota-2026', '--daily-limits', 'artists/albums=1'],
    );
    expect(printed.out).toContain(
      'development mode, old-development-app, quota-2026, artists/albums=1 per 24 h',
    );
    expect((await get(`${bts}/albums?limit=50`)).status).toBe(200);
    const refused = await get(`${bts}/albums`);
    expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('QUOTA_EXCEEDED')]);
  });

  test('the sandbox command uses all daily limits and faults of a repeated option, with blanks between them', () => {
    const faults = (status: number) => JSON.stringify({ fault: { kind: 'answer', status } });
    expect(
      readOptions([
        ...['--daily-limits', 'search=5, artists=6', '--daily-limits', 'albums=7'],
        ...['--faults', faults(500), '--faults', faults(502)],
      ]),
    ).toMatchObject({
      dailyLimits: { search: 5, artists: 6, albums: 7 },
      faults: [{ fault: { status: 500 } }, { fault: { status: 502 } }],
    });
  });

  test.each([
    [['--port', 'x'], '--port must be a whole number from 0 to 65535, not "x"'],
    [['--port', '65536'], '--port must be a whole number'],
    [['--quota-mode', 'kind'], '--quota-mode must be development or extended, not "kind"'],
    [['--preset', 'quota-1999'], '--preset must be one of quota-2026, total-zero, '],
    [['--daily-limits', 'search'], '--daily-limits must be a whole number'],
    [
      ['--daily-limits', 'artists=9,search=x'],
      '--daily-limits must be a whole number for each family, such as search=200, not "search=x"',
    ],
    [
      ['--daily-limits', 'artist/albums=9'],
      '--daily-limits has no endpoint family "artist/albums"; the families are artists, ',
    ],
    [['--daily-limits', 'search=1=2'], '--daily-limits must be a whole number for each family'],
    [['--port', '-1'], "Option '--port' argument is ambiguous"],
    [['--rate-limit', '0'], '--rate-limit must be a whole number'],
    [['--faults', '{'], '--faults: faults are not valid JSON'],
    [['--faults', '{"fault":{"kind":"x"}}'], '--faults: rule.fault.kind must be one of ceiling, listing, '],
    [
      ['--faults', '{"on":{"route":["search","artist/albums"]},"fault":{"kind":"stall"}}'],
      '--faults: rule.on.route cannot be "artist/albums"; the routes are artists, artists/albums, ',
    ],
    [['--faults', '@/nowhere.json'], '--faults: cannot read /nowhere.json'],
    [['--colour'], "Unknown option '--colour'"],
    [['stray'], "Unexpected argument 'stray'"],
  ])('the sandbox command rejects %j with a message of one line', (args, message) => {
    let thrown: unknown;
    try {
      readOptions(args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidOption);
    expect((thrown as Error).message).toMatch(/^[^\n]+$/);
    expect((thrown as Error).message.startsWith(message)).toBe(true);
  });

  test('the sandbox command prints the message about an invalid option and exits with 1', async () => {
    const { code, out, err } = await run('--port', 'x').ended;
    const message = '--port must be a whole number from 0 to 65535, not "x"';
    expect([code, out, err]).toEqual([1, '', `sandbox: ${message} (--help lists the options)\n`]);
  });

  test('the sandbox command reports that its port is in use', async () => {
    const { printed } = await start();
    const port = /127\.0\.0\.1:(\d+)/.exec(printed.out)?.[1] ?? '';
    const { code, err } = await run('--port', port).ended;
    expect(code).toBe(1);
    expect(err).toBe(`sandbox: port ${port} is in use; choose another with --port\n`);
  });
});
