import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { loadDotenv } from '../../src/process/dotenv.ts';
import { temporaryFolder } from '../support/temporary-files.ts';

const text = 'PORT=4005\n# a comment\nSPOTIFY_MARKET="DE"\n';

const path = (name = '.env'): string => join(temporaryFolder(), name);

test.each([
  ['without a byte-order mark', Buffer.from(text)],
  ['in UTF-8 with a byte-order mark', Buffer.from(`\ufeff${text}`)],
  ['in UTF-16 with a byte-order mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
])('a .env file %s is read, and the environment takes precedence', (_, bytes) => {
  const file = path();
  writeFileSync(file, bytes);
  const environment: NodeJS.ProcessEnv = { SPOTIFY_MARKET: 'US' };
  loadDotenv(file, environment);
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_MARKET: 'US' });
});

test('an empty variable of the environment takes precedence over the .env file, so that the variable is not set', () => {
  const file = path();
  writeFileSync(file, text);
  const environment: NodeJS.ProcessEnv = { SPOTIFY_MARKET: '' };
  loadDotenv(file, environment);
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_MARKET: '' });
  expect(readConfig(environment).gateway.spotify.market).toBeNull();
});

test('an absent .env file is no error', () => {
  const environment: NodeJS.ProcessEnv = {};
  loadDotenv(path(), environment);
  expect(environment).toEqual({});
});

test('a .env that is a directory is reported', () => {
  const file = path();
  mkdirSync(file);
  expect(() => loadDotenv(file, {})).toThrow(ConfigError);
  expect(() => loadDotenv(file, {})).toThrow(/\.env is a directory/);
});

test.each(['SPOTIFY_CLIENT_SECRET: canary-3f9c1', 'export SPOTIFY_CLIENT_SECRET canary-3f9c1'])(
  'a .env file whose second line is "%s" is reported without the value',
  (line) => {
    const file = path();
    writeFileSync(file, `PORT=4005\n${line}\n`);
    const message = `Line 2 of ${file} must have the form SPOTIFY_CLIENT_SECRET=value.`;
    expect(() => loadDotenv(file, {})).toThrow(new ConfigError(message));
  },
);

test.each(['canary-3f9c1', 'export canary-3f9c1'])(
  'a .env file with the line "%s", which has no equals sign, is reported without the text of the line',
  (line) => {
    const file = path();
    writeFileSync(file, `PORT=4005\n${line}\n# a comment\nSPOTIFY_MARKET=DE\n`);
    const message = `Line 2 of ${file} must have the form NAME=value, or begin with #.`;
    expect(() => loadDotenv(file, {})).toThrow(new ConfigError(message));
  },
);

test('the lines of a value in quotes need no equals sign, and the variable after it is read', () => {
  const file = path();
  writeFileSync(file, '# KEY="\nexport KEY="-----BEGIN\nMIIEpA\nEND KEY: x"\nPORT=4005\n');
  const environment: NodeJS.ProcessEnv = {};
  loadDotenv(file, environment);
  expect(environment).toEqual({ KEY: '-----BEGIN\nMIIEpA\nEND KEY: x', PORT: '4005' });
});

test('a line may have blanks around its equals sign, and colons in its value', () => {
  const file = path();
  writeFileSync(file, 'PORT = 4005\nREDIS_URL=redis://localhost:6379\n# NOTE: a comment\n');
  const environment: NodeJS.ProcessEnv = {};
  loadDotenv(file, environment);
  expect(environment).toEqual({ PORT: '4005', REDIS_URL: 'redis://localhost:6379' });
});

test('a variable that a .env file sets twice causes one warning with its name and lines, and has its last value', () => {
  const file = path();
  writeFileSync(
    file,
    'SPOTIFY_DAILY_LIMITS=artists/albums=4\nPORT=4005\n# PORT=4006\nexport SPOTIFY_DAILY_LIMITS = search=5\n',
  );
  const environment: NodeJS.ProcessEnv = {};
  expect(loadDotenv(file, environment)).toEqual([
    `Lines 1 and 4 of ${file} set SPOTIFY_DAILY_LIMITS: only the last one is read.`,
  ]);
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_DAILY_LIMITS: 'search=5' });
});

test('a .env file that sets each variable once causes no warning', () => {
  const file = path();
  writeFileSync(file, text);
  expect(loadDotenv(file, {})).toEqual([]);
  expect(loadDotenv(path(), {})).toEqual([]);
});
