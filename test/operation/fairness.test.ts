import { expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { exchangeOnce } from '../support/process.ts';
import { fixRejectionCost } from '../support/rejection-cost.ts';
import { portOf } from '../support/test-server.ts';

/** Clients with different IP addresses: the cost of one client is not charged to the others. */

const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const invalidDocument = (n: number) => `{ unknown${n} ${'a '.repeat(900)}}`;

test.each(['POST', 'GET'])(
  'a client that has sent many invalid documents by %s is rejected without parsing, and no other client is',
  { timeout: 60_000 },
  async (method) => {
    const { gateway, sandbox } = await withSandbox();
    const port = await portOf(gateway.listener);
    /** The status of one operation from an address, which must be one of the loopback. */
    const statusFrom = async (localAddress: string, query: string, as = method) => {
      const path = as === 'GET' ? `/graphql?${new URLSearchParams({ query })}` : '/graphql';
      const body = as === 'GET' ? '' : JSON.stringify({ query });
      return (await exchangeOnce(port, path, { method: as, headers, body, localAddress })).status;
    };

    fixRejectionCost();
    const statuses = new Set<number>();
    for (let n = 0; n < 200 && !statuses.has(503); n++) {
      statuses.add(await statusFrom('127.0.0.2', invalidDocument(n)));
    }
    expect(statuses).toEqual(new Set([400, 503]));
    for (let n = 0; n < 20; n++) {
      expect(await statusFrom('127.0.0.3', `{ a${n}: __typename }`)).toBe(200);
      expect(await statusFrom('127.0.0.3', invalidDocument(10_000 + n), 'POST')).toBe(400);
      await statusFrom('127.0.0.2', invalidDocument(20_000 + n));
    }
    expect(sandbox.calls()).toEqual([]);
  },
);
