import { describe, expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';

/**
 * The checks of the scanner graphql-cop (https://github.com/dolevf/graphql-cop), with its requests, on a gateway
 * in production. They find no weakness, and cause no Spotify call.
 */

interface Check {
  name: string;
  /** The request of the check. */
  init: RequestInit;
  path?: string;
  /** The expected status; default 400. */
  status?: number;
  /** Whether the scanner reports a weakness for the response. */
  found(response: ProbeResponse): boolean;
}

interface ProbeResponse {
  text: string;
  json: { data?: Record<string, unknown> | null; errors?: { message: string }[]; extensions?: object };
}

const post = (body: unknown) => postJson(body, { accept: 'application/graphql-response+json' });
const query = (text: string): RequestInit => post({ query: text, operationName: 'cop' });
const has = (name: string) => (response: ProbeResponse) => response.json.data?.[name] !== undefined;

const aliases = Array.from({ length: 101 }, (_, i) => `alias${i}:__typename`).join(' ');
const circle = 'fields { name type { '.repeat(4);

const checks: Check[] = [
  { name: 'alias overloading', init: query(`query cop { ${aliases} }`), found: has('alias100') },
  {
    name: 'array batching',
    init: post(Array(10).fill({ query: 'query cop { __typename }', operationName: 'cop' })),
    found: ({ json: response }) => Array.isArray(response),
  },
  {
    name: 'directive overloading',
    init: query(`query cop { __typename ${'@aa'.repeat(10)} }`),
    found: ({ json: { errors = [] } }) => errors.length >= 10,
  },
  {
    name: 'circular introspection',
    init: query(`query cop { __schema { types { ${circle} name ${'} }'.repeat(4)} } }`),
    found: has('__schema'),
  },
  {
    name: 'field duplication',
    init: query(`query cop { ${'__typename '.repeat(500)} }`),
    found: has('__typename'),
  },
  {
    name: 'field suggestions',
    init: query('query cop { __typename artst { nam } }'),
    found: ({ text }) => /did you mean/i.test(text),
  },
  {
    name: 'queries over GET',
    init: {},
    path: '/graphql?query=query%20cop%7B__typename%7D',
    found: has('__typename'),
  },
  {
    name: 'mutations over GET',
    init: {},
    path: '/graphql?query=mutation%20cop%7B__typename%7D',
    found: has('__typename'),
  },
  {
    name: 'POST as a form, which any page can send',
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'query=query%20cop%7B__typename%7D',
    },
    status: 415,
    found: has('__typename'),
  },
  { name: 'introspection', init: query('query cop { __schema { types { name } } }'), found: has('__schema') },
  {
    name: 'trace mode',
    init: query('query cop { __typename }'),
    status: 200,
    found: ({ json: { extensions, errors = [] } }) =>
      extensions !== undefined || errors.some((error) => 'tracing' in error),
  },
  {
    name: 'GraphiQL',
    init: { headers: { accept: 'text/html' } },
    status: 404,
    found: ({ text }) => /playground|<script/i.test(text),
  },
  {
    name: 'unhandled errors',
    init: query('qwerty cop { abc }'),
    found: ({ text }) => /exception|stacktrace|\bat .*:\d+/i.test(text),
  },
];

async function execute({ init, path = '/graphql' }: Check, environment: Record<string, string>) {
  const { fetch, sandbox } = await withSandbox(environment);
  const httpResponse = await fetch(path, init);
  const text = await httpResponse.text();
  const response: ProbeResponse = {
    text,
    json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {},
  };
  return { response, status: httpResponse.status, calls: sandbox.calls() };
}

describe('graphql-cop', () => {
  test.each(checks)('graphql-cop finds no $name in production', async (check) => {
    const { response, status, calls } = await execute(check, { NODE_ENV: 'production' });
    expect(check.found(response), response.text.slice(0, 300)).toBe(false);
    expect(status).toBe(check.status ?? 400);
    expect(calls).toEqual([]);
  });

  // Proves that these checks can find a weakness.
  test.each(['queries over GET', 'introspection', 'GraphiQL', 'field suggestions'])(
    'graphql-cop finds %s in development, where the gateway allows this',
    async (name) => {
      const check = checks.find((check) => check.name === name) as Check;
      const { response } = await execute(check, {});
      expect(check.found(response)).toBe(true);
    },
  );
});
