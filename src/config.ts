import { isIP } from 'node:net';
import { z } from 'zod';
import { isMarket, type Market } from './datasources/spotify/index.ts';
import type { GatewayOptions } from './gateway.ts';
import { isHost } from './http/host-name.ts';
import type { LogLevel } from './observability/log.ts';
import { type Manifest, readManifest } from './operation/trusted-documents.ts';

/** Everything that the environment decides. Read once, at the start. */
export interface Config {
  port: number;
  host: string;
  /** A port for `/metrics`, `/health` and `/ready` alone, where `/metrics` then is only; null for none. */
  metricsPort: number | null;
  logLevel: LogLevel;
  /** Processes behind the port. */
  workers: number;
  /** The kind of app that the embedded sandbox plays; null where there are credentials, and so no sandbox. */
  sandbox: 'development' | 'extended' | null;
  gateway: GatewayOptions;
}

/** Where each variable is explained; the end of every message about one. */
export const docsHint = 'See "Configuration" in the README.';

/** The environment cannot be used; `message` names each variable and never a value. */
export class ConfigError extends Error {}

const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((number) => number >= least && number <= most, error);
};

const day = 86_400;

const oneOf = <const T extends string>(...values: T[]) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

const flag = z
  .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
  .transform((value) => value === 'true' || value === '1');

/** Bearer tokens and secrets travel there: plain http is for the same machine only. */
const upstreamUrl = z
  .string()
  .refine(
    isUpstreamUrl,
    'must be an https URL without credentials, query or fragment (http for loopback only)',
  )
  .transform((url) => url.replace(/\/+$/, ''));

const variables = z
  .object({
    PORT: whole(0, 65_535).default(4000),
    HOST: z.string().refine(isHost, 'must be an IP address or a host name').default('127.0.0.1'),
    METRICS_PORT: whole(0, 65_535).optional(),
    SPOTIFY_CLIENT_ID: z.string().optional(),
    SPOTIFY_CLIENT_SECRET: z.string().optional(),
    SPOTIFY_API_URL: upstreamUrl.default('https://api.spotify.com/v1'),
    SPOTIFY_TOKEN_URL: upstreamUrl.default('https://accounts.spotify.com/api/token'),
    SPOTIFY_QUOTA_MODE: oneOf('auto', 'extended', 'development').default('auto'),
    SANDBOX_QUOTA_MODE: oneOf('development', 'extended').default('development'),
    SPOTIFY_MARKET: z
      .string()
      .refine(isMarket, 'must be an ISO 3166-1 alpha-2 country code in capitals')
      .transform((code) => code as Market)
      .optional(),
    REDIS_URL: z.string().refine(isRedisUrl, 'must be a redis:// or rediss:// URL').optional(),
    SPOTIFY_RATE_LIMIT: whole(1, 1_000_000).optional(),
    WEB_CONCURRENCY: whole(1, 64).default(1),
    // The calls for 20 objects, their batch call and a few more calls run at the same time.
    UPSTREAM_CONCURRENCY: whole(1, 1_000).default(24),
    UPSTREAM_TIMEOUT_MS: whole(1, 600_000).default(2_500),
    REQUEST_TIMEOUT_MS: whole(1, 600_000).default(8_000),
    MAX_UPSTREAM_CALLS: whole(1, 1_000_000).default(100),
    MAX_ANSWER_FIELDS: whole(1, 100_000_000).default(100_000),
    MAX_ANSWER_BYTES: whole(1, 100_000_000).default(8_000_000),
    CACHE_TTL_SECONDS: whole(0, 30 * day).default(300),
    CACHE_STALE_SECONDS: whole(0, 30 * day).default(7 * day),
    CORS_ORIGINS: z
      .string()
      .transform((list) => list.split(',').map((origin) => origin.trim()))
      .refine(
        (origins) => origins.every(isOrigin),
        'must be origins such as https://example.org, with commas between',
      )
      .default([]),
    GRAPHIQL: flag.optional(),
    INTROSPECTION: flag.optional(),
    TRUSTED_DOCUMENTS: z.string().transform(toManifest).optional(),
    NODE_ENV: z.string().optional(),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  })
  .refine(({ SPOTIFY_CLIENT_ID: id, SPOTIFY_CLIENT_SECRET: secret }) => !id === !secret, {
    path: ['SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET'],
    error: 'must be set together, or both left out for the sandbox',
  })
  .refine(
    ({ PORT, METRICS_PORT }) => METRICS_PORT === undefined || METRICS_PORT === 0 || METRICS_PORT !== PORT,
    {
      path: ['METRICS_PORT'],
      error: 'must be another port than PORT',
    },
  );

/** What is read of the environment. */
export const variableNames: readonly string[] = Object.keys(variables.shape);

/**
 * @param environment such as `process.env`; an empty value counts as none
 * @throws ConfigError
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`);
    throw new ConfigError(`${lines.join('\n')}\n${docsHint}`);
  }
  const env = parsed.data;
  const production = env.NODE_ENV === 'production';
  return {
    port: env.PORT,
    host: env.HOST,
    metricsPort: env.METRICS_PORT ?? null,
    logLevel: env.LOG_LEVEL,
    workers: env.WEB_CONCURRENCY,
    sandbox: env.SPOTIFY_CLIENT_ID ? null : env.SANDBOX_QUOTA_MODE,
    gateway: {
      spotify: {
        clientId: env.SPOTIFY_CLIENT_ID ?? '',
        clientSecret: env.SPOTIFY_CLIENT_SECRET ?? '',
        apiUrl: env.SPOTIFY_API_URL,
        tokenUrl: env.SPOTIFY_TOKEN_URL,
        quotaMode: env.SPOTIFY_QUOTA_MODE,
        market: env.SPOTIFY_MARKET ?? null,
        rateLimit: shareOf(env.SPOTIFY_RATE_LIMIT ?? null, env.REDIS_URL ? 1 : env.WEB_CONCURRENCY),
        concurrency: shareOf(env.UPSTREAM_CONCURRENCY, env.WEB_CONCURRENCY),
        timeoutMs: env.UPSTREAM_TIMEOUT_MS,
        freshMs: env.CACHE_TTL_SECONDS * 1000,
        staleMs: env.CACHE_STALE_SECONDS * 1000,
        redisUrl: env.REDIS_URL ?? null,
      },
      requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
      maxUpstreamCalls: env.MAX_UPSTREAM_CALLS,
      maxAnswerFields: env.MAX_ANSWER_FIELDS,
      maxAnswerBytes: env.MAX_ANSWER_BYTES,
      corsOrigins: env.CORS_ORIGINS,
      graphiql: env.GRAPHIQL ?? !production,
      introspection: env.INTROSPECTION ?? !production,
      trustedDocuments: env.TRUSTED_DOCUMENTS ?? null,
      production,
      serveMetrics: env.METRICS_PORT === undefined,
    },
  };
}

/** Ceilings are those of all processes together; what they do not share through Redis, each has its part of. */
const shareOf = <T extends number | null>(ceiling: T, processes: number): T =>
  ceiling === null ? ceiling : (Math.max(1, Math.floor(ceiling / processes)) as T);

function toManifest(path: string, context: z.RefinementCtx): Manifest {
  try {
    return readManifest(path);
  } catch {
    context.addIssue('must be the path of a JSON file with an object of documents by their hashes');
    return z.NEVER;
  }
}

function isUpstreamUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username || password || /[?#]/.test(text)) return false; // paths are appended to it as it stands
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}

const isOrigin = (text: string): boolean =>
  URL.canParse(text) &&
  new URL(text).origin === text &&
  isHost(new URL(text).hostname.replace(/^\[(.*)\]$/, '$1'));
