import { expect } from 'vitest';
import type { Case, CaseStep, Right } from './case-format.ts';
import { type Clock, startClock } from './clock.ts';
import { type GraphQLResult, startGateway, type TestGateway } from './gateway.ts';
import { type ScriptedUpstream, startScriptedUpstream, type UpstreamCall } from './scripted-upstream.ts';

/** Runs the steps of a case on a new gateway in front of the case's upstream. */

interface StepResponses {
  /** One for a query, one for each page of a walk. */
  responses: GraphQLResult<unknown>[];
  /** The ids of all nodes of a walk; null for a query. */
  ids: string[] | null;
}

interface StepResult extends StepResponses {
  /** The calls of the step; if it has none, all calls of the case so far. */
  calls: UpstreamCall[];
}

/** Lists of cases have a few pages, so a longer walk never ends. */
const maxPagesOfWalk = 200;

export async function runCase({ env, upstream: rules, steps }: Case): Promise<void> {
  const upstream = await startScriptedUpstream(rules);
  const gateway = startGateway(upstream, env);
  const clock = steps.some(({ waitMs }) => waitMs > 0) ? startClock() : null;
  for (const [i, step] of steps.entries()) {
    const result = await runStep(step, { upstream, gateway, clock });
    const mismatches = mismatchesOf(result, step.right);
    const calls = upstream.log().map((call) => `\n  ${call}`);
    if (mismatches.length > 0) {
      expect.fail(
        `step ${i + 1} of ${steps.length}: ${mismatches.join('\n')}\nSpotify has responded:${calls.join('')}`,
      );
    }
  }
}

interface CaseEnvironment {
  upstream: ScriptedUpstream;
  gateway: TestGateway;
  clock: Clock | null;
}

async function runStep(step: CaseStep, { upstream, gateway, clock }: CaseEnvironment): Promise<StepResult> {
  if (step.waitMs > 0) await clock?.pass(step.waitMs / 1000);
  const before = upstream.calls().length;
  const responses = step.walk === undefined ? await executeOnce(step, gateway) : await walk(step, gateway);
  const calls = upstream.calls();
  return { ...responses, calls: calls.length > before ? calls.slice(before) : calls };
}

interface Connection {
  nodes?: { id: string }[];
  edges?: { node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

async function executeOnce(
  { query = '', variables }: CaseStep,
  { execute }: TestGateway,
): Promise<StepResponses> {
  return { responses: [await execute(query, variables)], ids: null };
}

async function walk(
  { walk: query = '', pick = '', variables }: CaseStep,
  { execute }: TestGateway,
): Promise<StepResponses> {
  const responses: GraphQLResult<unknown>[] = [];
  const ids: string[] = [];
  for (let after: string | null = null; responses.length < maxPagesOfWalk; ) {
    const response = await execute<unknown, object>(query, { ...variables, after });
    responses.push(response);
    const connection = valueAt(response.data, pick) as Connection | null | undefined;
    if (!connection) return { responses, ids };
    const nodes = connection.nodes ?? connection.edges?.map(({ node }) => node) ?? [];
    ids.push(...nodes.map(({ id }) => id));
    if (!connection.pageInfo.hasNextPage) return { responses, ids };
    after = connection.pageInfo.endCursor;
    if (after === null) throw new Error('The walk has a next page and no cursor that leads to it.');
  }
  throw new Error(`The walk has not ended after ${maxPagesOfWalk} pages.`);
}

/** The differences between a result and the expected one; empty if there is none. */
function mismatchesOf(result: StepResult, right: Right): string[] {
  const { noErrors, errorCode, ids, lastLimit, any: _, oneOf, ...values } = right;
  const errors = result.responses.flatMap((response) => response.errors);
  const codes = errors.map(({ extensions }) => String(extensions?.['code']));
  const mismatches: string[] = [];
  const check = (isMatch: boolean, mismatch: string) => {
    if (!isMatch) mismatches.push(mismatch);
  };

  // A document that the schema rejects tests nothing about Spotify, so it fails the case unless the case expects a code.
  const rejected = codes.filter((code) => code.startsWith('GRAPHQL_') && errorCode === undefined);
  check(rejected.length === 0, `is refused: ${JSON.stringify(errors)}`);
  if (noErrors) check(errors.length === 0, `has errors: ${JSON.stringify(errors)}`);
  if (errorCode !== undefined) {
    const expected = [errorCode].flat();
    const isExpected = codes.length > 0 && codes.every((code) => expected.includes(code));
    check(isExpected, `has error codes [${codes}], not of [${expected}]`);
  }
  if (ids !== undefined) {
    check(same(result.ids, ids), `walked over ${JSON.stringify(result.ids)}, not ${JSON.stringify(ids)}`);
    check(errors.length === 0, `walked with errors: ${JSON.stringify(errors)}`);
  }
  if (lastLimit !== undefined) {
    const limits = result.calls.flatMap(({ query }) => query.get('limit') ?? []).map(Number);
    check(limits.length > 0, 'requested no page');
    check(
      limits.every((limit) => limit >= lastLimit),
      `requested pages of [${limits}], not of at least ${lastLimit}`,
    );
  }
  if (oneOf !== undefined) {
    const mismatchesOfEach = oneOf.map((alternative) => mismatchesOf(result, alternative));
    check(
      mismatchesOfEach.some((found) => found.length === 0),
      `none of: ${mismatchesOfEach.map((found) => found.join(', ')).join(' | ')}`,
    );
  }
  for (const [path, expected] of Object.entries(values)) {
    const actual = valueAt(result.responses.at(-1)?.data, path);
    check(
      same(actual, expected),
      `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}; errors: ${JSON.stringify(errors)}`,
    );
  }
  return mismatches;
}

/** @param path such as `artist.albums.nodes.0.id`, or `artist.albums.nodes.length` */
function valueAt(data: unknown, path: string): unknown {
  let value = data;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

const same = (one: unknown, other: unknown): boolean => {
  try {
    expect(one).toEqual(other);
    return true;
  } catch {
    return false;
  }
};
