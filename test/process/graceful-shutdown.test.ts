import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { startLoad } from '../support/load.ts';
import { isRefused, openSocket, startServer, until, upstreamOf } from '../support/process.ts';

/** A process that ends under load takes nobody's answer with it. */

const { DRAIN_RUNS = '5' } = process.env;
const runs = Number(DRAIN_RUNS);
const load = { clients: 20, everyMs: 100 }; // 200 operations a second
const warmUp = 250; // answers
const exitMs = 10_000;

const albumIds = (sandbox: Sandbox) => sandbox.catalogue.albums().map(({ id }) => id);

/** Mostly what is held, and now and then what only Spotify knows: answers are quick and slow. */
const bodyOf = (ids: readonly string[]) => (n: number) =>
  JSON.stringify({ query: `{ album(id: "${ids[n % 4 === 0 ? n % ids.length : 0]}") { id } }` });

describe('SIGTERM at 200 operations a second over kept connections', () => {
  test.each(Array.from({ length: runs }, (_, run) => run + 1))(
    'loses and resets no request, and ends with 0 within 10 s: run %i',
    async (run) => {
      const sandbox = await startSandbox({ latencyMs: 40 });
      onTestFinished(sandbox.close);
      const server = await startServer(upstreamOf(sandbox));
      const clients = startLoad(server.port, { ...load, body: bodyOf(albumIds(sandbox)) });
      await until(() => clients.answers.length > warmUp, 10_000);
      await sleep(run * 7); // so that the signal comes at another moment of each run
      const before = clients.answers.length;
      server.signal('SIGTERM');
      const signalMs = performance.now();
      const [{ code, signal }] = await Promise.all([server.ended, clients.ended]);
      const tookMs = performance.now() - signalMs;

      const after = clients.answers.slice(before);
      const wrong = clients.answers.filter(({ status, text }) =>
        status === 200 ? !/^\{"data":\{"album":\{"id":"\w{22}"\}\}\}$/.test(text) : status !== 503,
      );
      const turnedAway = after.filter(({ status }) => status === 503);
      process.stdout.write(
        `drain ${run}: ${before} answers, then ${after.length - turnedAway.length} and ${turnedAway.length} turned away in ${Math.round(tookMs)} ms\n`,
      );
      expect({ code, signal, failures: clients.failures, wrong }).toEqual({
        code: 0,
        signal: null,
        failures: [],
        wrong: [],
      });
      expect(after.filter(({ closes }) => closes)).toHaveLength(load.clients); // each was told, and once
      for (const { text } of turnedAway) expect(text).toContain('"OVERLOADED"');
      expect(tookMs).toBeLessThan(exitMs);
    },
    30_000,
  );
});

/** The responses in the bytes of a connection, each with the length that it tells and the bytes that have come. */
function responsesIn(bytes: Buffer): { status: number; length: number; received: number }[] {
  const responses = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const bodyAt = bytes.indexOf('\r\n\r\n', at) + 4;
    const head = bytes.subarray(at, bodyAt).toString('latin1');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
    responses.push({ status, length, received: Math.min(length, bytes.byteLength - bodyAt) });
    at = bodyAt + length;
  }
  return responses;
}

describe('a response that is still being read when the process is told to end', () => {
  const bts = '3Nrfpe0tUJi4K4DXYWgMUX';
  const artists = Array.from({ length: 30 }, (_, i) => `a${i}: artist(id: "${bts}") { ...page }`);
  const fields =
    'id uri externalUrl name images { url } artists { id uri externalUrl name } releaseDate { date }';
  const query = `{ ${artists.join(' ')} } fragment page on Artist { albums(first: 100) { nodes { ${fields} } } }`;
  const body = JSON.stringify({ query });
  const type = 'content-type: application/json';
  const requests = {
    POST: `POST /graphql HTTP/1.1\r\nhost: gateway\r\n${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    GET: `GET /graphql?${new URLSearchParams({ query })} HTTP/1.1\r\nhost: gateway\r\n\r\n`,
    'GET of GraphiQL':
      'GET /graphql HTTP/1.1\r\nhost: gateway\r\naccept: text/html\r\naccept-encoding: gzip\r\n\r\n',
  };

  /** The first run of the operation takes most of the second that its repetitions may wait for it. */
  async function startWarmServer() {
    const server = await startServer({ MAX_UPSTREAM_CALLS: '100000', MAX_ANSWER_FIELDS: '1000000' });
    for (let run = 0; run < 3; run++) await server.ask(query);
    return server;
  }

  /** A client that reads a response to its end, but nothing before `go` resolves, and then with pauses. */
  async function readSlowly(port: number, request: string, go: Promise<unknown>) {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let failure: Error | null = null;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.write(request);
    await once(socket, 'readable');
    const ended = (async () => {
      await go;
      const chunks: Buffer[] = [];
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if (chunks.length % 64 === 0) await sleep(1);
      }
      return { responses: responsesIn(Buffer.concat(chunks)), failure };
    })();
    return { ended };
  }

  test.each(Object.entries(requests))(
    'is delivered as a whole: %s',
    async (_, request) => {
      const server = await startWarmServer();
      // So many that the buffers of the system do not take them: each waits behind the one before it.
      const pipelined = 10;
      let startReading = () => {};
      const go = new Promise<void>((resolve) => {
        startReading = resolve;
      });
      const { ended } = await readSlowly(server.port, request.repeat(pipelined), go);
      await until(
        async () => !(await server.get('/metrics')).text.includes('unread_response_bytes 0'),
        10_000,
      ).catch(
        // A page is shared by all its visitors, so it is not counted.
        (error: unknown) => {
          if (!request.includes('text/html')) throw error;
        },
      );
      server.signal('SIGTERM');
      const signalMs = performance.now();
      await sleep(1_500); // idle connections are closed by then
      startReading();
      const { responses, failure } = await ended;
      expect(failure).toBeNull();
      expect(responses.length).toBeGreaterThan(1);
      for (const { status, length, received } of responses) {
        expect([200, 503]).toContain(status); // 503 for those that came too late
        expect(received).toBe(length);
      }
      expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(performance.now() - signalMs).toBeLessThan(exitMs);
    },
    40_000,
  );

  test('is given up where its client does not read on, and the process ends within 10 s', async () => {
    const server = await startWarmServer();
    await readSlowly(server.port, requests.POST.repeat(10), new Promise(() => undefined));
    await until(async () => !(await server.get('/metrics')).text.includes('unread_response_bytes 0'), 10_000);
    server.signal('SIGTERM');
    const signalMs = performance.now();
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
    const tookMs = performance.now() - signalMs;
    expect(tookMs).toBeGreaterThan(8_000); // it waited for the client
    expect(tookMs).toBeLessThan(exitMs);
  }, 40_000);
});

describe('a process that ends', () => {
  test('answers with UPSTREAM_TIMEOUT what Spotify leaves unanswered, and ends within 10 s', async () => {
    const sandbox = await startSandbox();
    onTestFinished(sandbox.close);
    sandbox.faults.add({ fault: { kind: 'stall' } });
    const server = await startServer(upstreamOf(sandbox));
    const running = server.ask(`{ album(id: "${albumIds(sandbox)[0]}") { id } }`);
    await until(() => sandbox.calls().some(({ kind }) => kind === 'api'), 5_000);
    server.signal('SIGTERM');
    const signalMs = performance.now();
    const { status, headers, json } = await running;
    expect({ status, connection: headers.connection, json }).toMatchObject({
      status: 200,
      connection: 'close',
      json: { data: { album: null }, errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] },
    });
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - signalMs).toBeLessThan(exitMs);
  }, 20_000);

  test('spends no call on what comes after the signal', async () => {
    const sandbox = await startSandbox();
    onTestFinished(sandbox.close);
    const [first, second] = albumIds(sandbox);
    sandbox.faults.add({ fault: { kind: 'delay', ms: 1_000 } });
    const server = await startServer(upstreamOf(sandbox));
    const open = await openSocket(server.port);
    const running = server.ask(`{ album(id: "${first}") { id } }`);
    await until(() => sandbox.calls().some(({ kind }) => kind === 'api'), 5_000);
    server.signal('SIGTERM');
    await until(() => isRefused(server.port), 5_000);
    const body = JSON.stringify({ query: `{ album(id: "${second}") { id } }` });
    open.write(
      `POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect((await running).json).toEqual({ data: { album: { id: first } } });
    await server.ended;
    expect(open.received()).toMatch(/^HTTP\/1\.1 503 /);
    expect(sandbox.calls().filter(({ kind }) => kind === 'api')).toHaveLength(1);
  });
});
