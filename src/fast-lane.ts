import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { type GraphQLParams, processRegularResult, type YogaServerInstance } from 'graphql-yoga';
import type { ClientKey } from './client-key.ts';
import type { Context } from './context.ts';
import { BadRequest, type ErrorCode, type GatewayError } from './errors.ts';
import type { HotAnswers } from './hot-answers.ts';
import { maxBodyBytes } from './operation/limits.ts';
import type { OperationReport } from './operation/report.ts';
import type { Caller, Run } from './operation/run.ts';
import { traceHeader } from './operation/trace.ts';
import { overloaded } from './plugins/shed.ts';
import { startOperation } from './telemetry.ts';

export interface FastLane {
  yoga: YogaServerInstance<object, Context>;
  endpoint: string;
  /** Whether requests are served at all right now; yoga's plugins say why not. */
  isOpen(): boolean;
  hot: HotAnswers;
  /** Whether there is time to read a document, and who hears of one that is turned away. */
  mayRead(document: string, clientKey: string): boolean;
  clientKey: ClientKey;
  refused(code: ErrorCode): void;
  mask(error: unknown): GraphQLError;
  report: OperationReport;
  /** Runs an operation as it was sent; null where a plugin of yoga's has a say in that. */
  run: Run | null;
}

const graphqlJson = 'application/graphql-response+json';
const plainJson = 'application/json';
const jsonTypes = [plainJson, 'application/*', '*/*'];

type MediaType = typeof graphqlJson | typeof plainJson;

/**
 * The short way from `node:http` to an operation, for the request that nearly every client sends: one POST of
 * JSON, whole and small. It passes every rule that there is for operations, and leaves out what
 * yoga does to make a Request and a Response of it, which is two thirds of the time of an answer from memory.
 * Whatever is unusual goes yoga's way.
 */
export function createFastLane(options: FastLane): RequestListener {
  const { yoga, endpoint, isOpen, hot, mayRead, clientKey, refused, mask, report, run } = options;
  // Written once: in a flood of garbage the writing would be most of the work.
  const noJson = refusal(new BadRequest('POST body sent invalid JSON.')); // in yoga's words
  const tooMuch = refusal(overloaded());

  function refusal(error: GatewayError): Readonly<Record<MediaType, Answer>> {
    const result = { errors: [mask(error)] };
    return { [graphqlJson]: written(result, graphqlJson), [plainJson]: written(result, plainJson) };
  }

  function serve(request: IncomingMessage, response: ServerResponse, type: MediaType, text: string): void {
    const startedMs = performance.now();
    const key = request.headers[traceHeader] === undefined ? `${type} ${text}` : null;
    const known = key === null ? undefined : hot.get(key);
    if (known) {
      const span = startOperation({ header: (name) => headerOf(request, name) });
      send(response, known.answer);
      span.end(known.usage, { failed: false, calls: [] });
      report(known.usage, { milliseconds: performance.now() - startedMs, codes: [] });
      return;
    }

    const params = parsed(text);
    const caller = callerOf(request, response, clientKey);
    if (params === undefined) {
      send(response, noJson[type]);
    } else if (!isParams(params)) {
      leave(request, response, text);
    } else if (typeof params.query === 'string' && !mayRead(params.query, caller.clientKey)) {
      refused('OVERLOADED');
      send(response, tooMuch[type]);
    } else {
      void execute(request, response, caller, type, params, key);
    }
  }

  async function execute(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    type: MediaType,
    params: GraphQLParams,
    key: string | null,
  ): Promise<void> {
    const context = {} as Context;
    const result = await resultOf(params, request, caller, context);
    const answer = written(result, type);
    send(response, answer);
    if (key !== null) hot.put(key, answer, result, context);
    takeApart(result.data);
  }

  async function resultOf(
    params: GraphQLParams,
    request: IncomingMessage,
    caller: Caller,
    context: Context,
  ): Promise<ExecutionResult> {
    try {
      if (run && isOperation(params))
        return await run({ document: params.query, ...params }, caller, context);
      const asked = { params, request: asFetched(request, caller) };
      return (await yoga.getResultForParams(asked, context)) as ExecutionResult;
    } catch (error) {
      return { errors: [mask(error)] }; // what a plugin throws before the operation runs is all of the answer
    }
  }

  /** Gives it to yoga, with the body that has been read. */
  function leave(request: IncomingMessage, response: ServerResponse, body: string): void {
    void yoga(Object.assign(request, { body }), response);
  }

  return (request, response) => {
    const type = isPlain(request, endpoint) && isOpen() ? mediaTypeOf(request.headers.accept) : null;
    if (type === null) return void yoga(request, response);
    read(request, (text) => serve(request, response, type, text));
  };
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** As much of a Response as holds what yoga puts into it. */
const paper = {
  Response: class implements Answer {
    readonly status: number;
    readonly headers: Answer['headers'];
    readonly body: Buffer;
    constructor(body: string, { status, headers }: { status: number; headers: Record<string, string> }) {
      this.body = Buffer.from(body);
      this.status = status;
      this.headers = { 'Content-Length': `${this.body.byteLength}`, ...headers };
    }
  },
} as unknown as Parameters<typeof processRegularResult>[1];

const written = (result: ExecutionResult, type: MediaType): Answer =>
  processRegularResult(result as never, paper, type) as unknown as Answer;

/**
 * Empties a result that has been written, down to its last object. What has waited for Spotify counts as old to V8, and
 * through it all that came later would stay until the next major collection: that was a tenth of the time of 20 albums,
 * or of 100.
 */
function takeApart(part: unknown): void {
  if (Array.isArray(part)) for (const each of part) takeApart(each);
  else if (isFilled(part)) {
    for (const key in part) {
      if (!isFilled(part[key])) continue;
      takeApart(part[key]);
      part[key] = null;
    }
  }
}

const isFilled = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}

function isPlain({ method, url, headers }: IncomingMessage, endpoint: string): boolean {
  const length = Number(headers['content-length'] ?? 0);
  return (
    method === 'POST' &&
    url === endpoint &&
    length > 0 &&
    length <= maxBodyBytes &&
    headers['content-encoding'] === undefined &&
    /^application\/json(?:;|$)/i.test(headers['content-type'] ?? '')
  );
}

/** The one of our media types that yoga would choose; null where it is not ours to tell. */
function mediaTypeOf(accept = '*/*'): MediaType | null {
  if (accept.includes('charset')) return null;
  const asked = accept.split(',').map((each) => each.replace(/;.*/, '').trim().toLowerCase());
  const first = asked.find((each) => each === graphqlJson || jsonTypes.includes(each));
  if (first === undefined) return null;
  return first === graphqlJson ? graphqlJson : plainJson;
}

/** Calls back with the body once it is whole; a client that goes away before that is answered nothing. */
function read(request: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => void chunks.push(chunk));
  request.on('end', () =>
    done((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8')),
  );
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isParams = (body: unknown): body is GraphQLParams =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

const operationParams = new Set(['query', 'operationName', 'variables', 'extensions']);

/** Whether yoga would find nothing wrong with the parameters, and nothing in them but an operation. */
function isOperation(params: GraphQLParams): params is GraphQLParams & { query: string } {
  const { query, operationName, variables, extensions } = params;
  return (
    typeof query === 'string' &&
    query !== '' &&
    typeof (operationName ?? '') === 'string' &&
    isParams(variables ?? {}) &&
    isParams(extensions ?? {}) &&
    Object.keys(params).every((name) => operationParams.has(name))
  );
}

const callerOf = (request: IncomingMessage, response: ServerResponse, clientKey: ClientKey): Caller => ({
  clientKey: clientKey((name) => headerOf(request, name), request.socket.remoteAddress),
  header: (name) => headerOf(request, name),
  whenGone: (callback) => void response.once('close', () => response.writableFinished || callback()),
});

/** As much of a Request as is looked at on the way. */
const asFetched = ({ method, url }: IncomingMessage, { header, whenGone }: Caller): Request =>
  ({
    method,
    url,
    headers: { get: header },
    signal: { addEventListener: (_: 'abort', callback: () => void) => whenGone(callback) },
  }) as unknown as Request;

const headerOf = ({ headers }: IncomingMessage, name: string): string | null =>
  headers[name.toLowerCase()]?.toString() ?? null;
