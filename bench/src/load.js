import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'undici';
import { dispatch } from './dispatch.js';

/** Closed-loop load: every connection sends a request, waits for the whole response, checks it, and sends the next one. */

export const headers = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
};
export const path = '/graphql';
const retryAfterMs = 1_000; // the gateway's Retry-After when it is overloaded

/** Opens a connection. `execute` sends a request, again if the server is overloaded, and returns the data. */
export function connect(origin) {
  let client = new Client(origin);

  async function execute(body, attempts = 10) {
    const { statusCode, text } = await exchange(client, body);
    if (statusCode === 200) return JSON.parse(text);
    if (statusCode !== 503 || attempts === 1) throw new Error(`Status ${statusCode}: ${text.slice(0, 500)}`);
    await client.destroy(); // the server may close the connection after a 503
    client = new Client(origin);
    await pause(retryAfterMs);
    return execute(body, attempts - 1);
  }

  return { execute, close: () => client.destroy() };
}

/**
 * @param nextBody the body of the next request
 * @param options how many `connections`; for how long (`seconds`), or how many requests to send (`count`)
 * @returns latencies of the successful responses in milliseconds, the number of 503 responses, and the duration in seconds
 * @throws Error for the first response of any other kind, because figures of a failing server are useless
 */
export async function load(origin, nextBody, { connections, seconds = Infinity, count = Infinity }) {
  const clients = Array.from({ length: connections }, () => new Client(origin));
  const latencies = [];
  let left = count;
  let refused = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;

  async function loop(_, i) {
    while (left > 0 && performance.now() < endMs) {
      left -= 1;
      const sentMs = performance.now();
      const response = await exchange(clients[i], nextBody());
      if (response.isWhole) latencies.push(performance.now() - sentMs);
      else if (response.statusCode === 503) {
        refused += 1;
        // An overloaded server may also close the connection after its response.
        await clients[i].destroy();
        clients[i] = new Client(origin);
      } else throw new Error(`Status ${response.statusCode}: ${response.text.slice(0, 500)}`);
    }
  }

  try {
    await Promise.all(clients.map(loop));
    return { latencies, refused, seconds: (performance.now() - startMs) / 1000 };
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

async function exchange(client, body) {
  const { statusCode, bytes } = await dispatch(client, { method: 'POST', path, headers, body });
  return {
    statusCode,
    // Without parsing, which would take longer than many responses.
    isWhole: statusCode === 200 && !bytes.includes('"errors"'),
    get text() {
      return bytes.toString();
    },
  };
}
