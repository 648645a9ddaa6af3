import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Fault, type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';

/** A response with its body. */
export interface SandboxResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined if it is not JSON. */
  json: unknown;
  /** The value at a path in the JSON, such as `items.3.name`; undefined if there is none. */
  at(path: string): unknown;
}

/** A sandbox and the means to call it as a client with a valid token does. */
export interface Client {
  sandbox: Sandbox;
  get(path: string, init?: RequestInit): Promise<SandboxResponse>;
  /** A `get` while a fault is in force. */
  getUnder(fault: Fault, path: string): Promise<SandboxResponse>;
  /** The headers of a caller with a fresh token. */
  authorize(): Promise<{ authorization: string }>;
  /** A POST to the token endpoint with the sandbox's credentials, unless `init` has others. */
  requestToken(init?: RequestInit): Promise<SandboxResponse>;
}

/** Starts one sandbox for all tests of a file; every test begins without calls, faults or a changed mode. */
export function useSandbox(options: SandboxOptions = {}): Client {
  let client: Client | undefined;
  const running = () => {
    if (!client) throw new Error('the sandbox runs only while tests run');
    return client;
  };

  beforeAll(async () => {
    client = await connect(await startSandbox({ catalogue, ...options }));
  });
  afterEach(() => {
    const { sandbox } = running();
    sandbox.faults.clear();
    sandbox.setQuotaMode(options.quotaMode ?? 'development');
    sandbox.clearCalls();
  });
  afterAll(() => running().sandbox.close());

  return {
    get sandbox() {
      return running().sandbox;
    },
    get: (path, init) => running().get(path, init),
    getUnder: (fault, path) => running().getUnder(fault, path),
    requestToken: (init) => running().requestToken(init),
    authorize: () => running().authorize(),
  };
}

/** A client with a fresh token of a sandbox that runs already. */
export async function connect(sandbox: Sandbox): Promise<Client> {
  const requestToken = (init: RequestInit = {}) =>
    call(sandbox.tokenUrl, { ...tokenRequest(sandbox), ...init });
  const authorize = async () => ({ authorization: `Bearer ${(await requestToken()).at('access_token')}` });
  const token = await authorize();
  sandbox.clearCalls();
  const get: Client['get'] = (path, init = {}) => {
    const headers = { ...token, ...Object.fromEntries(new Headers(init.headers)) };
    return call(sandbox.apiUrl + path, { ...init, headers });
  };
  return {
    sandbox,
    get,
    async getUnder(fault, path) {
      const remove = sandbox.faults.add({ fault });
      return get(path).finally(remove);
    },
    requestToken,
    authorize,
  };
}

/** A valid request for a token. */
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

/** The message of an error response of the Web API. */
export const messageOf = (response: SandboxResponse): unknown => response.at('error.message');

async function call(url: string, init: RequestInit): Promise<SandboxResponse> {
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
