import * as z from 'zod';
import { docsHint, isWithinEdits } from './config-warnings.ts';
import { families, minDailyLimit } from './datasources/spotify/index.ts';
import { isHost } from './host-names.ts';
import { type Manifest, readManifest } from './operation/trusted-documents.ts';

/** The forms that the value of an environment variable may have. A message states the required form. */

/** The environment cannot be used. `message` names each malformed variable and shows no secret. */
export class ConfigError extends Error {}

export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((number) => number >= least && number <= most, error);
}

export const oneOf = <const T extends string>(...values: T[]) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const flag = z
  .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
  .transform((value) => value === 'true' || value === '1');

export const host = z.string().refine(isHost, 'must be an IP address or a host name');

/** Values that were pasted with quotes or blanks, or not replaced, are rejected. */
const secretText = (source: string) =>
  z
    .string()
    .refine((text) => !placeholder.test(text), {
      error: `must be ${source}, not a placeholder`,
      abort: true,
    })
    .refine((text) => !/[`\p{Quotation_Mark}]/u.test(text), { error: 'must be without quotes', abort: true })
    .refine((text) => !/[\r\n]/.test(text), {
      error: 'must be without line breaks, also at its end',
      abort: true,
    })
    .refine((text) => /^[\x21-\x7e]+$/.test(text), 'must be without blanks and characters outside ASCII');

/** Part of the app's credentials. */
export const credential = secretText('the value of your app');

/** The issue of a configuration with only one of the credentials. @param name the end of the missing variable */
export const missingCredential = (name: 'ID' | 'SECRET') => ({
  path: ['SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET'],
  error: `must be set together, or both left out for the sandbox: SPOTIFY_CLIENT_${name} is missing`,
});

/** A secret that the operator chooses. */
export const purgeToken = secretText('a text of your own');

const placeholder =
  /^(<.*>|\[.*\]|\{.*\}|\$.*|x+|\.+|\u2026|\*+|change.?me|todo|placeholder|((your|my|the).?)?(app.?)?(spotify.?)?(client.?)?(id|secret)([ _-]?here)?)$/i;

/** Bearer tokens and secrets are sent to it: plain http is for the same machine only. */
export const upstreamUrl = z
  .string()
  .refine(
    isUpstreamUrl,
    'must be an https URL without credentials, query or fragment (http for loopback only)',
  )
  .transform((url) => url.replace(/\/+$/, ''));

function isUpstreamUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username || password || /[?#]/.test(text)) return false; // paths are appended to the URL
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

export const proxyUrl = connectionUrl(
  ['http:', 'https:'],
  ({ pathname, search, hash }) => pathname === '/' && search === '' && hash === '',
  'must be the http:// or https:// URL of a proxy, without a path',
);

const databasePath = /^(\/\d{0,5})?$/;

export const redisUrl = connectionUrl(
  ['redis:', 'rediss:'],
  ({ href, pathname }) => href.includes('://') && databasePath.test(pathname),
  'must be a redis:// or rediss:// URL, whose path can only be the number of a database',
);

/** A URL that a client library takes apart: what it cannot read would end the process with a stack. */
function connectionUrl(protocols: readonly string[], isReadable: (url: URL) => boolean, error: string) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
      error,
      abort: true,
    })
    .transform((text) => ({ text, url: new URL(text) }))
    .refine(({ url }) => isReadable(url), error)
    .refine(({ url }) => hasReadableCredentials(url), 'must be written with %25 for a % in its credentials')
    .transform(({ text }) => text);
}

function hasReadableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

export const origins = z
  .string()
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .refine(
    (list) => list.every(isOrigin),
    'must be origins such as https://example.org, without a path, a slash at the end or a wildcard, and with commas between them',
  );

const webProtocols = ['http:', 'https:'];

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, host, hostname } = new URL(text);
  // The origin of another scheme is `null` by the URL standard, but apps send it: `capacitor://localhost`.
  const isApp = origin === 'null' && !webProtocols.some((web) => isWithinEdits(protocol, web, 1));
  if (!isApp && !webProtocols.includes(protocol)) return false; // misspelled, or of no page: `wss://`
  const sentOrigin = isApp ? `${protocol}//${host}` : origin;
  return sentOrigin === text && isHost(hostname.replace(/^\[(.*)\]$/, '$1'));
}

export const trustedDocuments = z.string().transform((path, context): Manifest => {
  try {
    return readManifest(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // of the file system
    context.addIssue(
      code
        ? `must be a file that can be read (${code})`
        : 'must be the path of a JSON file with documents by their hashes: the manifest of codegen, Relay or Apollo',
    );
    return z.NEVER;
  }
});

/** Why `family=calls` is no daily limit; null if it is one. */
function problemOfLimit([family = '', calls = '', ...rest]: readonly string[]): string | null {
  if (rest.length > 0 || !/^\d{1,9}$/.test(calls.trim()) || Number(calls) < minDailyLimit)
    return `must be a list such as artists/albums=100,search=200, with whole numbers from ${minDailyLimit}`;
  return families.includes(family.trim())
    ? null
    : `must name endpoint families. They are ${families.join(', ')}`;
}

/** Calls in 24 h by endpoint family, such as `artists/albums=100,search=200`. */
export const dailyLimits = z.string().transform((list, context): ReadonlyMap<string, number> => {
  const limits = list.split(',').map((entry) => entry.split('='));
  const problem = limits.map(problemOfLimit).find((text) => text !== null);
  if (problem) {
    context.addIssue(problem);
    return z.NEVER;
  }
  const byFamily = new Map(limits.map(([family = '', calls]) => [family.trim(), Number(calls)]));
  if (byFamily.size < limits.length) context.addIssue('must name each endpoint family once');
  return byFamily;
});

/**
 * The part of a limit that one of several processes has, because the limit holds for all of them together.
 * @param least the fewest calls that a process needs
 * @param family the endpoint family of the limit, if the variable sets the limits of several
 * @throws ConfigError if the limit is too low for that
 */
export function limitPart(
  name: string,
  limit: number,
  processes: number,
  least: number,
  family?: string,
): number {
  const part = Math.floor(limit / processes);
  if (part >= least) return part;
  const value = family === undefined ? `${limit}` : `${family}=${limit}`;
  throw new ConfigError(
    `${name} must be at least ${least * processes} for ${processes} processes (WEB_CONCURRENCY) without REDIS_URL or a usable DATA_DIR, but is "${value}".\n${docsHint}`,
  );
}
