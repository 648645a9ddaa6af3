import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { patientFetch } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';
import type { Environment } from '../support/upstream.ts';

/** The failed audits of the suite of the GraphQL-over-HTTP specification. */
async function failedAudits(environment: Environment): Promise<string[]> {
  const { gateway } = await withSandbox(environment);
  const url = `http://127.0.0.1:${await portOf(gateway.handler)}/graphql`;
  const results = await auditServer({ url, fetchFn: patientFetch });
  expect(results).toHaveLength(61);
  return results.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`);
}

test('a gateway in development passes every audit of GraphQL over HTTP', async () => {
  expect(await failedAudits({})).toEqual([]);
}, 30_000);

test('a gateway in production meets every MUST and SHOULD of GraphQL over HTTP, and fails only MAYs about GET', async () => {
  // Two audits of variables need introspection.
  expect(await failedAudits({ NODE_ENV: 'production', INTROSPECTION: 'true' })).toEqual([
    '5A70 MAY accept application/x-www-form-urlencoded formatted GET requests',
    'D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
    '6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
  ]);
}, 30_000);
