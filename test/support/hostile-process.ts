import { type ChildProcess, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../src/sandbox/index.ts';
import type { HostileRequest } from './hostile-documents.ts';
import { type Environment, upstreamOf } from './process.ts';

/** Asks a gateway in a process of its own, one request after the other, each as another client. */

export const clientHeader = 'x-client';

/** What the process tells its parent. */
export type Told = { port: number } | { blockedMs: number; rssMb: number } | { bug: string };

export interface Outcome {
  status: number;
  bytes: number;
  codes: readonly string[];
  /** The longest time for which the event loop stood still, in milliseconds. */
  blockedMs: number;
  rssMb: number;
}

export interface HostileProcess {
  /** @throws where the connection breaks, as when the process ends */
  ask(sent: HostileRequest): Promise<Outcome>;
  /** What the gateway has logged as an error. */
  bugs: readonly string[];
  close(): Promise<void>;
}

const script = fileURLToPath(new URL('hostile-gateway.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

export async function startHostileProcess(
  sandbox: Sandbox,
  environment: Environment = {},
): Promise<HostileProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--max-old-space-size=256', '--max-semi-space-size=16', '--import', 'tsx', script],
    {
      cwd: root,
      env: { PATH: process.env['PATH'], ...upstreamOf(sandbox), ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const bugs: string[] = [];
  const told = on(child, 'message');
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the gateway ended with ${code ?? signal}`);
  });
  ended.catch(() => undefined); // seen by the request that waits
  const next = async (): Promise<Told> => {
    const { value } = await Promise.race([told.next(), ended]);
    return (value as [Told])[0];
  };

  const first = await next();
  if (!('port' in first)) throw new Error('the gateway does not tell its port');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let clients = 0;

  async function ask({ body, get }: HostileRequest): Promise<Outcome> {
    clients += 1;
    const client = `10.${(clients >> 16) & 255}.${(clients >> 8) & 255}.${clients & 255}`;
    const path = get ? `/graphql?${get}` : '/graphql';
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      [clientHeader]: client,
    };
    const options = { port: (first as { port: number }).port, host: '127.0.0.1', path, agent, headers };
    const reply = await Promise.race([exchange({ ...options, method: get ? 'GET' : 'POST' }, body), ended]);
    for (;;) {
      const message = await next();
      if ('blockedMs' in message) return { ...reply, ...message };
      if ('bug' in message) bugs.push(message.bug);
    }
  }

  return {
    ask,
    bugs,
    async close() {
      agent.destroy();
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

function exchange(options: object, body: string): Promise<Pick<Outcome, 'status' | 'bytes' | 'codes'>> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, bytes: text.length, codes: codesIn(text.toString()) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The codes of the errors; of a response that is not JSON its first words. */
function codesIn(text: string): string[] {
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { extensions?: { code?: string } }[] };
    return Array.from(new Set(errors.map(({ extensions }) => extensions?.code ?? 'none')));
  } catch {
    return [text.slice(0, 60)];
  }
}
