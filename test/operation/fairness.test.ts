import { request as send } from 'node:http';
import { describe, expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { fixRejectionCost } from '../support/rejection-cost.ts';
import { portOf } from '../support/test-server.ts';

/** Clients with different IP addresses: the cost of one client is not charged to the others. */

async function listen(environment: Record<string, string> = {}) {
  const { gateway, sandbox } = await withSandbox({ NODE_ENV: 'production', ...environment });
  const port = await portOf(gateway.listener);

  /** The status of one operation from an address, which must be one of the loopback. */
  const statusFrom = (localAddress: string, query: string, method: 'GET' | 'POST' = 'POST') =>
    new Promise<number>((resolve, reject) => {
      const path = method === 'GET' ? `/graphql?${new URLSearchParams({ query })}` : '/graphql';
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
      const clientRequest = send({
        port,
        host: '127.0.0.1',
        localAddress,
        method,
        path,
        headers,
        agent: false,
      });
      clientRequest.once('error', reject);
      clientRequest.once('response', (response) =>
        response.resume().once('end', () => resolve(response.statusCode ?? 0)),
      );
      clientRequest.end(method === 'POST' ? JSON.stringify({ query }) : undefined);
    });
  return { statusFrom, sandbox };
}

const invalidDocument = (n: number) => `{ unknown${n} ${'a '.repeat(900)}}`;

describe.each(['POST', 'GET'] as const)('a client that sends invalid documents by %s', (method) => {
  test('a client that sends invalid documents is rejected without parsing after a while, and no other client is', {
    timeout: 60_000,
  }, async () => {
    const { statusFrom, sandbox } = await listen({ NODE_ENV: 'test' });
    fixRejectionCost();
    const statuses = new Set<number>();
    for (let n = 0; n < 200 && !statuses.has(503); n++) {
      statuses.add(await statusFrom('127.0.0.2', invalidDocument(n), method));
    }
    expect(statuses).toEqual(new Set([400, 503]));
    for (let n = 0; n < 20; n++) {
      expect(await statusFrom('127.0.0.3', `{ a${n}: __typename }`, method)).toBe(200);
      expect(await statusFrom('127.0.0.3', invalidDocument(10_000 + n), 'POST')).toBe(400);
      await statusFrom('127.0.0.2', invalidDocument(20_000 + n), method);
    }
    expect(sandbox.calls()).toEqual([]);
  });
});
