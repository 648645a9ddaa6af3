import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined if it is none. */
  json: unknown;
  /** A place in the JSON, `items.3.name`; undefined if there is no such place. */
  at(path: string): unknown;
}

/** A sandbox and the means to call it as a client with a valid token does. */
export interface Client {
  sandbox: Sandbox;
  get(path: string, init?: RequestInit): Promise<Answer>;
  /** The headers of a caller with a fresh token. */
  authorize(): Promise<{ authorization: string }>;
  /** A POST to the token endpoint with the sandbox's own credentials unless told otherwise. */
  requestToken(init?: RequestInit): Promise<Answer>;
}

/** Starts one sandbox for all tests of a file; every test begins without calls, faults or a changed mode. */
export function useSandbox(options: SandboxOptions = {}): Client {
  let sandbox: Sandbox | undefined;
  let token = '';
  const running = () => {
    if (!sandbox) throw new Error('the sandbox runs only while tests run');
    return sandbox;
  };
  const requestToken = (init: RequestInit = {}) =>
    call(running().tokenUrl, { ...tokenRequest(running()), ...init });

  beforeAll(async () => {
    sandbox = await startSandbox(options);
    token = String((await requestToken()).at('access_token'));
    sandbox.clearCalls();
  });
  afterEach(() => {
    running().faults.clear();
    running().setQuotaMode(options.quotaMode ?? 'development');
    running().clearCalls();
  });
  afterAll(() => running().close());

  return {
    get sandbox() {
      return running();
    },
    get: (path, init = {}) => {
      const headers = { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(init.headers)) };
      return call(running().apiUrl + path, { ...init, headers });
    },
    requestToken,
    authorize: async () => ({ authorization: `Bearer ${(await requestToken()).at('access_token')}` }),
  };
}

/** The request of a client that does everything right. */
export function tokenRequest({
  clientId,
  clientSecret,
}: Pick<Sandbox, 'clientId' | 'clientSecret'>): RequestInit {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  };
}

/** The message of an error answer of the Web API. */
export const messageOf = (answer: Answer): unknown => answer.at('error.message');

async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const json = parse(text);
  const at = (path: string) => path.split('.').reduce(step, json);
  return { status: response.status, headers: response.headers, text, json, at };
}

const step = (holder: unknown, key: string): unknown =>
  typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
