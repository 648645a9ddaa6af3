import { type GraphQLFormattedError, parse } from 'graphql';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { retryWhileShed } from './clock.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import { postJson } from './post-json.ts';
import { manifestOf } from './temporary-files.ts';

/** The ways to send an operation to the gateway. */

export interface Sent {
  query: string;
  variables?: Record<string, unknown>;
}

export interface Received {
  /** Null where there is no HTTP. */
  status: number | null;
  data?: unknown;
  errors: readonly GraphQLFormattedError[];
  /** The response as the client reads it. */
  text: string;
}

type ClientTransport = (sandbox: Sandbox, sent: Sent, environment?: Record<string, string>) => Send;
export type Send = () => Promise<Received>;

const maxAttempts = 20;
const accept = { accept: 'application/graphql-response+json' };

export const clientTransports: Readonly<Record<string, ClientTransport>> = {
  POST: (sandbox, sent, environment) => {
    const gateway = startGateway(sandbox, environment);
    return () => received(gateway, '/graphql', postJson(sent, accept));
  },
  GET: (sandbox, { query, variables = {} }, environment) => {
    const gateway = startGateway(sandbox, environment);
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    return () => received(gateway, `/graphql?${search}`, { headers: accept });
  },
  'a trusted document': (sandbox, { query, variables }, environment) => {
    const manifest = manifestOf({ hash: query });
    const gateway = startGateway(sandbox, { ...environment, TRUSTED_DOCUMENTS: manifest });
    return () => received(gateway, '/graphql', postJson({ documentId: 'hash', variables }, accept));
  },
  'gateway.execute': (sandbox, { query, variables }, environment) => {
    const { gateway } = startGateway(sandbox, environment);
    return async () => {
      const result = await gateway.execute({ document: parse(query), variables });
      const { data, errors = [] } = result;
      return {
        status: null,
        data,
        errors: errors.map((each) => each.toJSON()),
        text: JSON.stringify(result),
      };
    };
  },
};

/** The upstream runs in this process: while it blocks the event loop, the gateway rejects operations. */
const received = ({ fetch }: TestGateway, path: string, init: RequestInit): Promise<Received> =>
  retryWhileShed(async () => {
    const response = await fetch(path, init);
    const text = await response.text();
    return { status: response.status, errors: [], ...(JSON.parse(text) as object), text };
  }, maxAttempts);
