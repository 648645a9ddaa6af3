import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'undici';
import { dispatch } from './dispatch.js';

/** Closed-loop load: every connection asks, waits for the whole answer, checks it and asks again. */

export const headers = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
};
export const path = '/graphql';
const refusedMs = 1_000; // what ours says in Retry-After when it has too much to do

/** A function that asks over one connection, however often it takes, and one that closes it. */
export function connect(origin) {
  let client = new Client(origin);

  async function ask(body, attempts = 10) {
    const { statusCode, text } = await exchange(client, body);
    if (statusCode === 200) return JSON.parse(text);
    if (statusCode !== 503 || attempts === 1)
      throw new Error(`Answered ${statusCode}: ${text.slice(0, 500)}`);
    await client.destroy(); // it may hang up after what it said
    client = new Client(origin);
    await pause(refusedMs);
    return ask(body, attempts - 1);
  }

  return { ask, close: () => client.destroy() };
}

/**
 * @param nextBody the body of the next request
 * @param options how many `connections`; how long to go on (`seconds`), or how many requests to send (`count`)
 * @returns latencies of the full answers in milliseconds, how often a server said that it has too much to do, and
 * how long it all took
 * @throws Error for the first answer of any other kind: a figure for a server that fails says nothing
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
      const answer = await exchange(clients[i], nextBody());
      if (answer.isWhole) latencies.push(performance.now() - sentMs);
      else if (answer.statusCode === 503) {
        refused += 1;
        // A server with too much to do may hang up as well, after what it said.
        await clients[i].destroy();
        clients[i] = new Client(origin);
      } else throw new Error(`Answered ${answer.statusCode}: ${answer.text.slice(0, 500)}`);
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
    // Not by parsing, which would take longer than many an answer does.
    isWhole: statusCode === 200 && !bytes.includes('"errors"'),
    get text() {
      return bytes.toString();
    },
  };
}
