import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeOnce } from './process.ts';

/** Clients that send requests periodically, each on its own keep-alive connection, until the server closes it. */

interface LoadOptions {
  clients: number;
  /** The interval between two requests of one client. */
  everyMs: number;
  /** The body of request number n. */
  body(n: number): string;
}

interface TimedResponse {
  status: number;
  text: string;
  /** Whether it has `Connection: close`. */
  closes: boolean;
  ms: number;
}

export interface Load {
  /** All responses so far, in the order of their arrival. */
  responses: readonly TimedResponse[];
  /** The errors of failed requests. */
  failures: readonly string[];
  /** Resolves when every client has ended: by `Connection: close`, by a failed request, or by `stop`. */
  ended: Promise<unknown>;
  stop(): void;
}

export function startLoad(port: number, { clients, everyMs, body }: LoadOptions): Load {
  const responses: TimedResponse[] = [];
  const failures: string[] = [];
  let sentCount = 0;
  let stopped = false;

  async function client(index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const startMs = performance.now() + (index * everyMs) / clients; // so that clients do not send at the same time
    try {
      for (let n = 0; !stopped; n++) {
        await sleep(Math.max(0, startMs + n * everyMs - performance.now()));
        const response = await post(port, agent, body(sentCount++));
        responses.push(response);
        if (response.closes) return;
      }
    } catch (error) {
      failures.push(String(error));
    } finally {
      agent.destroy();
    }
  }

  const running = Array.from({ length: clients }, (_, index) => client(index));
  return {
    responses,
    failures,
    ended: Promise.all(running),
    stop() {
      stopped = true;
    },
  };
}

async function post(port: number, agent: Agent, body: string): Promise<TimedResponse> {
  const startedMs = performance.now();
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const response = await exchangeOnce(port, '/graphql', { method: 'POST', headers, body, agent });
  const closes = response.headers.connection === 'close';
  return { status: response.status, text: response.text, closes, ms: performance.now() - startedMs };
}
