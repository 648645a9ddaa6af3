import { expect } from 'vitest';
import type { Edit, Fault, QuotaMode, Sandbox } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';
import { retryWhileShed } from './clock.ts';
import { type GraphQLResult, type TestGateway, withSandbox } from './gateway.ts';

/** Shared by most tests of the schema: the catalogue, gateways in a known quota mode, and short forms of responses. */

export { catalogue };
export const { artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists } =
  catalogue.fixtures;

export const allArtistIds = catalogue.artists().map(({ id }) => id);

/** A valid id of no object. */
export const unknownId = '0000000000000000000001';

export const modes = ['development', 'extended'] as const;

/** A gateway with a configured quota mode, so that it sends no calls to learn it. */
export const startInMode = (
  mode: QuotaMode,
  environment: Record<string, string> = {},
  options: StartOptions = {},
) => start({ SPOTIFY_QUOTA_MODE: mode, ...environment }, { quotaMode: mode, ...options });

/** The environment of a gateway that reads everything again for each operation: as a new gateway, but without its costs. */
export const withoutCache = { CACHE_TTL_SECONDS: '0', CACHE_STALE_SECONDS: '0' };

/** A gateway that has learned no capabilities of its app yet. */
export const startWithUnknownApp = (
  quotaMode: QuotaMode,
  environment: Record<string, string> = {},
  options: StartOptions = {},
) => start(environment, { quotaMode, ...options });

type StartOptions = Parameters<typeof withSandbox>[1];

/**
 * Gateway, sandbox and test share one event loop: on a busy machine the gateway finds it late and rejects operations
 * before they run. They are sent again.
 */
async function start(environment: Record<string, string>, options: StartOptions) {
  const gateway = await withSandbox(environment, options);
  const execute: TestGateway['execute'] = (document, variables) =>
    retryWhileShed(() => gateway.execute(document, variables));
  return { ...gateway, execute };
}

/** The learned capabilities that a gateway has logged: all, or the values of one. */
export const learnedCapabilities = (
  { logged }: TestGateway,
  ability?: string,
): [ability: unknown, value: unknown][] =>
  logged
    .filter(({ message }) => message.startsWith('learned: '))
    .map(({ fields }): [unknown, unknown] => [Reflect.get(fields, 'ability'), Reflect.get(fields, 'value')])
    .filter(([name]) => ability === undefined || name === ability);

export const expectNoError = async ({ execute }: TestGateway, document: string): Promise<void> =>
  expect((await execute(document)).errors).toEqual([]);

/** The data of a response, and the path and the code of each error. */
export const dataAndErrorCodes = <T>({ data, errors }: GraphQLResult<T>) => ({
  data,
  errors: errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]),
});

/** A response without errors, in the form of `dataAndErrorCodes`. */
export const withoutErrors = <T>(data: T) => ({ data, errors: [] });

/** The calls that an operation used, each with its origin: `network /artists/…`. */
export const callsByOrigin = ({ extensions }: GraphQLResult<unknown>): string[] =>
  (extensions.spotify?.calls ?? []).map(({ origin, path }) => `${origin} ${path}`);

/** The fields that the response reports as unavailable: `Artist.followers at artist.followers: REASON`. */
export const unavailableFields = ({ extensions }: GraphQLResult<unknown>): string[] =>
  (extensions.spotify?.unavailable ?? []).map(
    ({ field, path, reason }) => `${field} at ${path.join('.')}: ${reason}`,
  );

/** A list in a document: `["a", "b"]`. */
export const jsonList = (ids: readonly string[]): string => JSON.stringify(ids);

/** The data of a response. @throws if the response has errors */
export async function dataOf<T>(
  { execute }: Pick<TestGateway, 'execute'>,
  document: string,
  variables: object = {},
): Promise<T> {
  const { data, errors } = await execute<T, object>(document, variables);
  if (errors.length > 0) throw new Error(`expected no errors, got ${JSON.stringify(errors)}`);
  return data;
}

/** A gateway for whose first `times` calls of the Web API the sandbox has a fault. Default: all calls. */
export async function withFault(fault: Fault, times = Number.POSITIVE_INFINITY) {
  const gateway = await startInMode('development');
  gateway.sandbox.faults.add({ times, fault });
  const tokenCalls = () => gateway.sandbox.calls().filter(({ kind }) => kind === 'token').length;
  return { ...gateway, tokenCalls };
}

/** An error response of Spotify, in Spotify's format. */
export const errorResponse = (status: number, message = 'Some words of Spotify'): Fault => ({
  kind: 'answer',
  status,
  json: { error: { status, message } },
});

/** A response of Spotify with these changes. */
export const edit = (...edits: Edit[]): Fault => ({ kind: 'edit', edits });

/** Milliseconds between the first call of the Web API and the second. */
export function firstGapMs({ sandbox }: { sandbox: Sandbox }): number {
  const [first, second] = sandbox.calls().filter(({ kind }) => kind === 'api');
  if (!first || !second) throw new Error('there were no two calls');
  return second.atMs - first.atMs;
}

/** An operation that needs one call, its response, and its response if the call fails. */
export const artistQuery = `{ artist(id: "${artists.bts}") { name } }`;
export const artistResult = withoutErrors({ artist: { name: 'BTS' } });
export const artistError = (code: string) => ({ data: { artist: null }, errors: [['artist', code]] });
