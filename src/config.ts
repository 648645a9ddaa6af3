import * as z from 'zod';
import {
  ConfigError,
  credential,
  dailyLimits,
  flag,
  host,
  limitPart,
  missingCredential,
  oneOf,
  origins,
  proxyUrl,
  purgeToken,
  redisUrl,
  trustedDocuments,
  upstreamUrl,
  wholeNumber,
} from './config-values.ts';
import { docsHint, doubtfulValues, misspelledNames } from './config-warnings.ts';
import { isMarket, type Market, minDailyLimit, type SpotifyOptions } from './datasources/spotify/index.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { LogLevel } from './observability/log.ts';
import { maxQuotedCharacters, shortened } from './text.ts';

/** The configuration, read once at the start. */
export interface Config {
  port: number;
  host: string;
  /** A separate port for `/metrics`, `/health` and `/ready`; the main port then has no `/metrics`. Null for none. */
  metricsPort: number | null;
  logLevel: LogLevel;
  /** The number of processes that share the port. */
  workers: number;
  /** The kind of app that the embedded sandbox simulates; null for no sandbox (credentials are configured). */
  sandbox: 'development' | 'extended' | null;
  /** Probable mistakes, one sentence for each. */
  warnings: readonly string[];
  gateway: GatewayOptions;
}

export { ConfigError };

const daySeconds = 86_400;

const variables = z
  .object({
    PORT: wholeNumber(0, 65_535).default(4000),
    HOST: host.default('127.0.0.1'),
    METRICS_PORT: wholeNumber(0, 65_535).optional(),
    SPOTIFY_CLIENT_ID: credential.optional(),
    SPOTIFY_CLIENT_SECRET: credential.optional(),
    SPOTIFY_API_URL: upstreamUrl.default('https://api.spotify.com/v1'),
    SPOTIFY_TOKEN_URL: upstreamUrl.default('https://accounts.spotify.com/api/token'),
    SPOTIFY_QUOTA_MODE: oneOf('auto', 'extended', 'development').default('auto'),
    SANDBOX_QUOTA_MODE: oneOf('development', 'extended').default('development'),
    SPOTIFY_MARKET: z
      .string()
      .refine(isMarket, 'must be an ISO 3166-1 alpha-2 country code in capitals, such as DE or GB')
      .transform((code) => code as Market)
      .optional(),
    HTTPS_PROXY: proxyUrl.optional(),
    NO_PROXY: z.string().default(''),
    REDIS_URL: redisUrl.optional(),
    DATA_DIR: z.string().default('.data'),
    SPOTIFY_RATE_LIMIT: wholeNumber(1, 1_000_000).optional(),
    SPOTIFY_DAILY_LIMITS: dailyLimits.optional(),
    EXPOSE_QUOTA: flag.optional(),
    WEB_CONCURRENCY: wholeNumber(1, 64).default(1),
    // The calls for 20 objects, their batch call and a few more calls run at the same time.
    UPSTREAM_CONCURRENCY: wholeNumber(1, 1_000).default(24),
    UPSTREAM_TIMEOUT_MS: wholeNumber(1, 600_000).default(2_500),
    REQUEST_TIMEOUT_MS: wholeNumber(1, 600_000).default(8_000),
    MAX_UPSTREAM_CALLS: wholeNumber(1, 1_000_000).default(100),
    MAX_ANSWER_FIELDS: wholeNumber(1, 100_000_000).default(100_000),
    MAX_ANSWER_BYTES: wholeNumber(1, 100_000_000).default(8_000_000),
    CACHE_TTL_SECONDS: wholeNumber(0, 30 * daySeconds).optional(),
    CACHE_STALE_SECONDS: wholeNumber(0, 30 * daySeconds).default(7 * daySeconds),
    CORS_ORIGINS: origins.default([]),
    GRAPHIQL: flag.optional(),
    INTROSPECTION: flag.optional(),
    TRUSTED_DOCUMENTS: trustedDocuments.optional(),
    PURGE_TOKEN: purgeToken.optional(),
    NODE_ENV: z.string().optional(),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  })
  .refine((env) => env.SPOTIFY_CLIENT_ID || !env.SPOTIFY_CLIENT_SECRET, missingCredential('ID'))
  .refine((env) => env.SPOTIFY_CLIENT_SECRET || !env.SPOTIFY_CLIENT_ID, missingCredential('SECRET'))
  .refine(
    ({ PORT, METRICS_PORT }) => METRICS_PORT === undefined || METRICS_PORT === 0 || METRICS_PORT !== PORT,
    { path: ['METRICS_PORT'], error: 'must be another port than PORT' },
  );

/** The environment variables that the gateway reads. */
export const variableNames: readonly string[] = Object.keys(variables.shape);

/** Variables that other programs read too, some of them in lower case. */
const lowerCaseNames = ['HTTPS_PROXY', 'NO_PROXY'];

/** The names under which a variable is read: those of the proxy in capitals and in lower case. */
export function spellingsOf(name: string): string[] {
  const upperCase = name.toUpperCase();
  return lowerCaseNames.includes(upperCase) ? [upperCase, upperCase.toLowerCase()] : [name];
}

/** Variables whose value is in no message. */
const secrets = new Set(['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET', 'PURGE_TOKEN']);

/**
 * @param environment such as `process.env`; an empty value counts as none
 * @param canUseDataDir whether the processes of one machine can share their data there
 * @throws ConfigError
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  canUseDataDir: CanUseDataDir = () => true,
): Config {
  const environmentValues = withLowerCase(
    Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '')),
  );
  const misspelled = misspelledNames(environmentValues, variableNames);
  const parsed = variables.safeParse(environmentValues);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const name = path.join('.');
      return `${name} ${message}${shownValue(name, environmentValues[name])}.`;
    });
    throw new ConfigError([...lines, ...misspelled, docsHint].join('\n'));
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
    warnings: [...misspelled, ...doubtfulValues(environmentValues, env)],
    gateway: {
      spotify: spotifyOptions(env, canUseDataDir),
      requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
      maxUpstreamCalls: env.MAX_UPSTREAM_CALLS,
      maxAnswerFields: env.MAX_ANSWER_FIELDS,
      maxAnswerBytes: env.MAX_ANSWER_BYTES,
      corsOrigins: env.CORS_ORIGINS,
      graphiql: env.GRAPHIQL ?? !production,
      introspection: env.INTROSPECTION ?? !production,
      exposeQuota: env.EXPOSE_QUOTA ?? !production,
      trustedDocuments: env.TRUSTED_DOCUMENTS ?? null,
      purgeToken: env.PURGE_TOKEN ?? null,
      production,
      serveMetrics: env.METRICS_PORT === undefined,
    },
  };
}

type CanUseDataDir = (dataDir: string, clientId: string) => boolean;

function spotifyOptions(env: z.infer<typeof variables>, canUseDataDir: CanUseDataDir): SpotifyOptions {
  const redisUrl = env.REDIS_URL ?? null;
  const hasCredentials = env.SPOTIFY_CLIENT_ID !== undefined;
  const dataDir = redisUrl !== null || !hasCredentials || env.DATA_DIR === 'none' ? null : env.DATA_DIR;
  const clientId = env.SPOTIFY_CLIENT_ID ?? '';
  const isShared = redisUrl !== null || (dataDir !== null && canUseDataDir(dataDir, clientId));
  const counted = isShared ? 1 : env.WEB_CONCURRENCY;
  const rateLimit = env.SPOTIFY_RATE_LIMIT;
  const limits = [...(env.SPOTIFY_DAILY_LIMITS ?? [])];
  const dailyPart = (family: string, calls: number) =>
    limitPart('SPOTIFY_DAILY_LIMITS', calls, counted, minDailyLimit, family);
  return {
    clientId,
    clientSecret: env.SPOTIFY_CLIENT_SECRET ?? '',
    apiUrl: env.SPOTIFY_API_URL,
    tokenUrl: env.SPOTIFY_TOKEN_URL,
    quotaMode: env.SPOTIFY_QUOTA_MODE,
    market: env.SPOTIFY_MARKET ?? null,
    rateLimit: rateLimit === undefined ? null : limitPart('SPOTIFY_RATE_LIMIT', rateLimit, counted, 1),
    dailyLimits: new Map(limits.map(([family, calls]) => [family, dailyPart(family, calls)])),
    concurrency: Math.max(1, Math.floor(env.UPSTREAM_CONCURRENCY / env.WEB_CONCURRENCY)),
    timeoutMs: env.UPSTREAM_TIMEOUT_MS,
    freshMs: env.CACHE_TTL_SECONDS === undefined ? null : env.CACHE_TTL_SECONDS * 1000,
    staleMs: env.CACHE_STALE_SECONDS * 1000,
    redisUrl,
    dataDir,
    proxy: env.HTTPS_PROXY === undefined ? null : { url: env.HTTPS_PROXY, noProxy: env.NO_PROXY },
  };
}

function withLowerCase<T>(values: Record<string, T>): Record<string, T> {
  const names = lowerCaseNames.filter((name) => name.toLowerCase() in values);
  return { ...Object.fromEntries(names.map((name) => [name, values[name.toLowerCase()] as T])), ...values };
}

/** The end of a message about a malformed value: the value, unless it is secret or may contain credentials. */
function shownValue(name: string, value: string | undefined): string {
  if (value === undefined || secrets.has(name) || /[@?#]/.test(value)) return '';
  return `, but is ${JSON.stringify(shortened(value, maxQuotedCharacters))}`;
}
