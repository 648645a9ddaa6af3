import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Sandbox } from '../../src/sandbox/index.ts';
import type { HostileRequest } from './hostile-documents.ts';
import { type Environment, runScript, upstreamOf } from './process.ts';

/** Sends requests to a gateway in its own process, each as another client unless it names its client. */

export const clientHeader = 'x-client';
export const measuredPath = '/measured';

/** The measurements of the process since they were last read. */
export interface Measured {
  /** The longest time for which the event loop was blocked, in milliseconds of processor time. */
  blockedMs: number;
  rssMb: number;
  /** Errors that the gateway has logged. */
  bugs: readonly string[];
}

interface HostileResponse {
  status: number;
  bytes: number;
  codes: readonly string[];
}

export type SentRequest = Pick<HostileRequest, 'body' | 'get'> &
  Partial<HostileRequest> & { client?: string };

export interface HostileProcess {
  /**
   * Sends requests at the same time. `blockedMs` is the maximum of all of them.
   * @throws if a connection breaks, as when the process ends
   */
  execute(...sent: SentRequest[]): Promise<Measured & { responses: readonly HostileResponse[] }>;
  close(): Promise<void>;
}

export async function startHostileProcess(
  sandbox: Sandbox,
  environment: Environment = {},
): Promise<HostileProcess> {
  const child = await runScript(
    'test/support/hostile-gateway.ts',
    ['--max-old-space-size=256', '--max-semi-space-size=16'],
    [],
    {
      env: { PATH: process.env['PATH'], ...upstreamOf(sandbox), ...environment },
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    },
  );
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the gateway ended with ${code ?? signal}`);
  });
  ended.catch(() => undefined); // pending requests reject with it
  const [port] = await Promise.race([once(child, 'message'), ended]);
  const agent = new Agent({ keepAlive: true });
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  let clients = 0;

  const send = (path: string, client: string, body: string) =>
    exchange(
      {
        port,
        host: '127.0.0.1',
        agent,
        path,
        method: body === '' ? 'GET' : 'POST',
        headers: { ...headers, [clientHeader]: client },
      },
      body,
    );

  async function sendOne({ body, get, client: named }: SentRequest): Promise<HostileResponse> {
    clients += 1;
    const client = named ?? `10.${(clients >> 16) & 255}.${(clients >> 8) & 255}.${clients & 255}`;
    const { status, text } = await send(get ? `/graphql?${get}` : '/graphql', client, body);
    return { status, bytes: text.length, codes: codesIn(text.toString()) };
  }

  return {
    async execute(...sent) {
      const responses = await Promise.race([Promise.all(sent.map(sendOne)), ended]);
      const { text } = await Promise.race([send(measuredPath, '', ''), ended]);
      return { ...(JSON.parse(text.toString()) as Measured), responses };
    },
    async close() {
      agent.destroy();
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

function exchange(options: object, body: string): Promise<{ status: number; text: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The codes of the errors; if the response is not JSON, its first 60 characters. */
function codesIn(text: string): string[] {
  // Most bytes are in responses without an error, which need no parsing.
  if (text.startsWith('{"data":') && !text.includes('"errors":[')) return [];
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { extensions?: { code?: string } }[] };
    return Array.from(new Set(errors.map(({ extensions }) => extensions?.code ?? 'none')));
  } catch {
    return [text.slice(0, 60)];
  }
}
