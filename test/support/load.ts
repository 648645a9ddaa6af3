import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clients that ask again and again, each on a connection of its own that it keeps, until they are told to go. */

export interface LoadOptions {
  clients: number;
  /** Of each client. */
  everyMs: number;
  /** The body of request number n. */
  body(n: number): string;
}

export interface Given {
  status: number;
  text: string;
  /** Whether it was the last on its connection. */
  closes: boolean;
  ms: number;
}

export interface Load {
  /** So far, in the order of their coming. */
  answers: readonly Given[];
  /** What came instead of an answer. */
  failures: readonly string[];
  /** Resolves when every client has been told to close its connection, or has lost it, or was stopped. */
  ended: Promise<unknown>;
  stop(): void;
}

export function startLoad(port: number, { clients, everyMs, body }: LoadOptions): Load {
  const answers: Given[] = [];
  const failures: string[] = [];
  let asked = 0;
  let stopped = false;

  async function client(place: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const startMs = performance.now() + (place * everyMs) / clients; // so that they do not ask in step
    try {
      for (let n = 0; !stopped; n++) {
        await sleep(Math.max(0, startMs + n * everyMs - performance.now()));
        const answer = await post(port, agent, body(asked++));
        answers.push(answer);
        if (answer.closes) return;
      }
    } catch (error) {
      failures.push(String(error));
    } finally {
      agent.destroy();
    }
  }

  const running = Array.from({ length: clients }, (_, place) => client(place));
  return {
    answers,
    failures,
    ended: Promise.all(running),
    stop() {
      stopped = true;
    },
  };
}

function post(port: number, agent: Agent, body: string): Promise<Given> {
  const startedMs = performance.now();
  const headers = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers, agent },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          const closes = response.headers.connection === 'close';
          resolve({ status: response.statusCode ?? 0, text, closes, ms: performance.now() - startedMs });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
