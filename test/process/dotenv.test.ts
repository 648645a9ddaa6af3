import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { docsHint } from '../../src/config-warnings.ts';
import { loadDotenv } from '../../src/process/dotenv.ts';
import { temporaryFolder } from '../support/temporary-files.ts';

const text = 'PORT=4005\n# a comment\nSPOTIFY_MARKET="DE"\n';

const path = (): string => join(temporaryFolder(), '.env');

/** Loads a .env file with this content into the environment. */
function load(content: string | Buffer, environment: NodeJS.ProcessEnv = {}) {
  const file = path();
  writeFileSync(file, content);
  return { file, warnings: loadDotenv(file, environment), environment };
}

test.each([
  ['without a byte-order mark', Buffer.from(text)],
  ['in UTF-8 with a byte-order mark', Buffer.from(`\ufeff${text}`)],
  ['in UTF-16 with a byte-order mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
])('a .env file %s is read, and the environment takes precedence', (_, bytes) => {
  const { environment } = load(bytes, { SPOTIFY_MARKET: 'US' });
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_MARKET: 'US' });
});

test('an empty variable of the environment takes precedence over the .env file, so that the variable is not set', () => {
  const { environment } = load(text, { SPOTIFY_MARKET: '' });
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_MARKET: '' });
  expect(readConfig(environment).gateway.spotify.market).toBeNull();
});

test.each([
  ['HTTPS_PROXY', 'https_proxy'],
  ['https_proxy', 'HTTPS_PROXY'],
])(
  '%s of the environment, also if it is empty, takes precedence over %s of the .env file',
  (name, nameInFile) => {
    const credentials = { SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRET: 'some-secret' };
    const proxyWith = (value: string) => {
      const content = `${nameInFile}=http://file.example:1\n${name}=http://file.example:2\n`;
      const { environment } = load(content, { ...credentials, [name]: value });
      return readConfig(environment).gateway.spotify.proxy;
    };
    expect(proxyWith('')).toBeNull();
    const url = 'http://environment.example:3';
    expect(proxyWith(url)).toEqual({ url, noProxy: '' });
  },
);

test('the environment takes precedence over a .env file that writes NO_PROXY in another case, and other names have one case', () => {
  const { environment } = load('no_proxy=file.example\nport=1\n', { NO_PROXY: '', PORT: '2' });
  expect(environment).toEqual({ NO_PROXY: '', PORT: '2', port: '1' });
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
  const message = `${file} is a directory. It must be a file with lines such as PORT=4000, or be absent.\n${docsHint}`;
  expect(() => loadDotenv(file, {})).toThrow(new ConfigError(message));
});

test.each([
  ['SPOTIFY_CLIENT_SECRET: canary-3f9c1', 'SPOTIFY_CLIENT_SECRET=value.'],
  ['export SPOTIFY_CLIENT_SECRET canary-3f9c1', 'SPOTIFY_CLIENT_SECRET=value.'],
  ['canary-3f9c1', 'NAME=value or NAME="value", or begin with #.'],
  ['export canary-3f9c1', 'NAME=value or NAME="value", or begin with #.'],
])('a .env file with the line "%s" is reported with the expected form, without the value', (line, form) => {
  const file = path();
  writeFileSync(file, `PORT=4005\n${line}\n# a comment\nSPOTIFY_MARKET=DE\n`);
  const message = `Line 2 of ${file} must have the form ${form}\n${docsHint}`;
  expect(() => loadDotenv(file, {})).toThrow(new ConfigError(message));
});

test('the lines of a value in quotes need no equals sign, and the variable after it is read', () => {
  const { environment } = load('# KEY="\nexport KEY="-----BEGIN\nMIIEpA\nEND KEY: x"\nPORT=4005\n');
  expect(environment).toEqual({ KEY: '-----BEGIN\nMIIEpA\nEND KEY: x', PORT: '4005' });
});

test('a line may have blanks around its equals sign, and colons in its value', () => {
  const { environment } = load('PORT = 4005\nREDIS_URL=redis://localhost:6379\n# NOTE: a comment\n');
  expect(environment).toEqual({ PORT: '4005', REDIS_URL: 'redis://localhost:6379' });
});

test.each([
  'PORT\t=4005',
  'PORT=\t4005',
  'PORT=4005\t',
  '\tPORT=4005',
  'export\tPORT=4005',
  'export  PORT=4005',
  'PORT=\t"4005"\t# a comment',
])('a line may have tabs and several blanks between its parts: %j', (line) => {
  const { environment } = load(`${line}\r\nSPOTIFY_MARKET=DE\r\n`);
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_MARKET: 'DE' });
});

test.each([
  [
    "SPOTIFY_CLIENT_SECRET='canary-3f9c1",
    "opens the value of SPOTIFY_CLIENT_SECRET with ' and does not close it.",
  ],
  ['export LOG_LEVEL="info', 'opens the value of LOG_LEVEL with " and does not close it.'],
  [
    "SPOTIFY_CLIENT_SECRET= 'canary-3f9c1",
    "opens the value of SPOTIFY_CLIENT_SECRET with ' and does not close it.",
  ],
  [
    'SPOTIFY_CLIENT_SECRET=\t"canary-3f9c1',
    'opens the value of SPOTIFY_CLIENT_SECRET with " and does not close it.',
  ],
  ['KEY="{\\"a\\": 1}"', 'must have the form NAME=value or NAME="value", or begin with #.'],
  ['=canary-3f9c1', 'must have the form NAME=value or NAME="value", or begin with #.'],
  ['SPOTIFY MARKET=DE', 'must have the form SPOTIFY=value.'],
  ['PORT="4005"canary-3f9c1', 'must have the form NAME=value or NAME="value", or begin with #.'],
])('a line of which Node would use only a part stops the start with its number: %s', (line, problem) => {
  const file = path();
  writeFileSync(file, `PORT=4005\n${line}\n`);
  expect(() => loadDotenv(file, {})).toThrow(new ConfigError(`Line 2 of ${file} ${problem}\n${docsHint}`));
});

test('the lines of a value in quotes are not changed, and set no variable', () => {
  const { environment, warnings } = load('FOLDER="C:\\data\\"\nKEY="A\t=\t1\nA = 2 "\n');
  expect(environment['KEY']).toBe('A\t=\t1\nA = 2 ');
  expect(environment['FOLDER']).toBe('C:\\data\\');
  expect(warnings).toEqual([]);
});

test('a variable that a .env file sets twice causes one warning with its name and lines, and has its last value', () => {
  const { file, warnings, environment } = load(
    'SPOTIFY_DAILY_LIMITS=artists/albums=4\nPORT=4005\n# PORT=4006\nexport SPOTIFY_DAILY_LIMITS = search=5\n',
  );
  expect(warnings).toEqual([`Lines 1 and 4 of ${file} set SPOTIFY_DAILY_LIMITS: only the last one is read.`]);
  expect(environment).toEqual({ PORT: '4005', SPOTIFY_DAILY_LIMITS: 'search=5' });
});

test('a .env file that sets each variable once causes no warning', () => {
  expect(load(text).warnings).toEqual([]);
  expect(loadDotenv(path(), {})).toEqual([]);
});
