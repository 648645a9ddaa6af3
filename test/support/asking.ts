import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { expect } from 'vitest';
import type { Fault, QuotaMode, Sandbox } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';
import { waitForIdleLoop } from './clock.ts';
import { type Answer, type TestGateway, withSandbox } from './gateway.ts';

/** What most tests of the graph share: the music, an app whose kind is known, and a short look at answers. */

export { catalogue };
export const { artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists } =
  catalogue.fixtures;

/** In shape and range, and nobody's. */
export const unknownId = '0000000000000000000001';

export const modes = ['development', 'extended'] as const;

/** A gateway that knows from the start what kind of app it is, so that no call is spent on finding out. */
export const inMode = (
  mode: QuotaMode,
  environment: Record<string, string> = {},
  options: StartOptions = {},
) => start({ SPOTIFY_QUOTA_MODE: mode, ...environment }, { quotaMode: mode, ...options });

/** A gateway that knows nothing of its app. */
export const unknownApp = (quotaMode: QuotaMode, environment: Record<string, string> = {}) =>
  start(environment, { quotaMode });

type StartOptions = Parameters<typeof withSandbox>[1];

/**
 * Gateway, sandbox and test share one process: where the machine is busy the gateway finds it late and turns
 * operations away, before anything of them runs. They are asked again.
 */
async function start(environment: Record<string, string>, options: StartOptions) {
  const gateway = await withSandbox(environment, options);
  async function ask<T, V>(document: TypedDocumentNode<T, V> | string, variables?: V): Promise<Answer<T>> {
    const answer = await gateway.ask<T, V>(document, variables);
    if (answer.status !== 503) return answer;
    await waitForIdleLoop();
    return ask(document, variables);
  }
  return { ...gateway, ask };
}

/** What a gateway has told its operator to have found out about an ability, or about any. */
export const learnedCapabilities = (
  { logged }: TestGateway,
  ability?: string,
): [ability: unknown, value: unknown][] =>
  logged
    .filter(({ message }) => message.startsWith('learned: '))
    .map(({ fields }): [unknown, unknown] => [Reflect.get(fields, 'ability'), Reflect.get(fields, 'value')])
    .filter(([about]) => ability === undefined || about === ability);

export const expectNoError = async ({ ask }: TestGateway, document: string): Promise<void> =>
  expect((await ask(document)).errors).toEqual([]);

/** What a client sees: the data, and of each error its path and its code. */
export const seen = <T>({ data, errors }: Answer<T>) => ({
  data,
  errors: errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']]),
});

/** An answer without a fault. */
export const fine = <T>(data: T) => ({ data, errors: [] });

/** The names of the calls that an operation used, with where they came from. */
export const origins = ({ extensions }: Answer<unknown>): string[] =>
  (extensions.spotify?.calls ?? []).map(({ origin, path }) => `${origin} ${path}`);

/** The fields that the answer says the app may not have: `Artist.followers at artist.followers`. */
export const unavailable = ({ extensions }: Answer<unknown>): string[] =>
  (extensions.spotify?.unavailable ?? []).map(
    ({ field, path, reason }) => `${field} at ${path.join('.')}: ${reason}`,
  );

/** A list in a document: `["a", "b"]`. */
export const quoted = (ids: readonly string[]): string => JSON.stringify(ids);

/** The data of an answer that must be without a fault, in the form that the test knows it to have. */
export async function dataOf<T>(
  { ask }: Pick<TestGateway, 'ask'>,
  document: string,
  variables: object = {},
): Promise<T> {
  const { data, errors } = await ask<T, object>(document, variables);
  if (errors.length > 0) throw new Error(`expected no errors, got ${JSON.stringify(errors)}`);
  return data;
}

/** A gateway whose first `times` calls of the Web API, or all, meet with a fault. */
export async function withFault(fault: Fault, times = Number.POSITIVE_INFINITY) {
  const gateway = await inMode('development');
  gateway.sandbox.faults.add({ times, fault });
  const tokenCalls = () => gateway.sandbox.calls().filter(({ kind }) => kind === 'token').length;
  return { ...gateway, tokenCalls };
}

/** An answer of Spotify that is no success, in its own form. */
export const refusal = (status: number, message = 'Some words of Spotify'): Fault => ({
  kind: 'answer',
  status,
  json: { error: { status, message } },
});

/** Milliseconds between the first call of the Web API and the second. */
export function firstGapMs({ sandbox }: { sandbox: Sandbox }): number {
  const [first, second] = sandbox.calls().filter(({ kind }) => kind === 'api');
  if (!first || !second) throw new Error('there were no two calls');
  return second.atMs - first.atMs;
}

/** One field that needs one call, what it gives, and what it gives when that call fails. */
export const oneCall = `{ artist(id: "${artists.bts}") { name } }`;
export const itsAnswer = fine({ artist: { name: 'BTS' } });
export const itsFailure = (code: string) => ({ data: { artist: null }, errors: [['artist', code]] });
