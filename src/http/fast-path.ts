import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { GraphQLParams, YogaServerInstance } from 'graphql-yoga';
import { BadRequest, type ErrorCode } from '../errors.ts';
import { startOperation } from '../observability/tracing.ts';
import { maxBodyBytes } from '../operation/limits.ts';
import type { OperationReport } from '../operation/report.ts';
import type { Client, Run } from '../operation/request.ts';
import { traceHeader } from '../operation/trace.ts';
import type { Context } from '../schema/context.ts';
import type { ClientKey } from './client-key.ts';
import { overloaded } from './plugins/shed.ts';
import type { RequestBodies } from './request-body.ts';
import { pathOf } from './request-target.ts';
import { graphqlJson, type MediaType, plainJson, type SerializedResponse, serialize } from './response.ts';
import type { HotAnswers } from './response-cache.ts';
import type { UnreadResponses } from './unread-responses.ts';

export interface FastLane {
  yoga: YogaServerInstance<object, Context>;
  endpoint: string;
  /** Whether this path serves requests at all right now; if not, yoga's plugins respond. */
  isOpen(): boolean;
  /** Whether the process keeps up well enough to run another operation. */
  admits(): boolean;
  bodies: RequestBodies;
  unread: UnreadResponses;
  hot: HotAnswers;
  /** Whether there is time to read a document. */
  mayRead(document: string, clientKey: string): boolean;
  clientKey: ClientKey;
  /** Hears of each request that is rejected unread. */
  refused(code: ErrorCode): void;
  mask(error: unknown): GraphQLError;
  report: OperationReport;
  run: Run;
}

type Responses = Readonly<Record<MediaType, SerializedResponse>>;

/**
 * The fast path from `node:http` to an operation, for the request that nearly every client sends: a POST of JSON. Every
 * rule for operations applies. It leaves out what yoga does to make a Request and a Response of it, which is two thirds
 * of the time of a response from memory. Yoga handles everything unusual.
 */
export function createFastLane(options: FastLane): RequestListener {
  const { yoga, endpoint, bodies, unread, hot, clientKey, refused, mask, report, run } = options;
  // Serialized once: in a flood of invalid requests the serializing would be most of the work.
  const invalidJson = responsesOf(mask(new BadRequest('POST body sent invalid JSON.'))); // in yoga's words
  const overload = responsesOf(mask(overloaded()));
  const tooLarge = responsesOf(mask(bodyTooLarge()));

  function serve(request: IncomingMessage, response: ServerResponse, type: MediaType, text: string) {
    const startedMs = performance.now();
    const key = request.headers[traceHeader] === undefined ? `${type} ${text}` : null;
    const cached = key === null ? undefined : hot.get(key);
    if (cached) {
      const span = startOperation({ header: (name) => headerOf(request, name) });
      send(response, cached.response);
      span.end(cached.usage, { failed: false, calls: [] });
      report(cached.usage, { milliseconds: performance.now() - startedMs, codes: [] });
      return;
    }
    const params = parsed(text);
    if (params === undefined) return send(response, invalidJson[type]);
    if (!isOperation(params)) return delegate(request, response, text);
    const caller = callerOf(request, response, clientKey);
    if (!options.admits() || !options.mayRead(params.query, caller.clientKey)) return reject(response, type);
    return execute(response, caller, type, params, key);
  }

  async function execute(
    response: ServerResponse,
    caller: Client,
    type: MediaType,
    { query, ...params }: Operation,
    key: string | null,
  ): Promise<void> {
    const context = {} as Context;
    const result = await resultOf(() => run({ document: query, ...params }, caller, context));
    if (response.destroyed) return; // the client has gone
    const serialized = serialize(result, type);
    if (!unread.hasRoom(serialized.body.byteLength)) return reject(response, type);
    send(response, serialized);
    if (key !== null) hot.put(key, serialized, result, context);
  }

  async function resultOf(operation: () => Promise<ExecutionResult>): Promise<ExecutionResult> {
    try {
      return await operation();
    } catch (error) {
      return { errors: [mask(error)] };
    }
  }

  function reject(response: ServerResponse, type: MediaType): void {
    refused('OVERLOADED');
    send(response, overload[type]);
  }

  function send(response: ServerResponse, { status, headers, body }: SerializedResponse): void {
    response.writeHead(status, headers);
    // A response that has not been ended is not idle, so an ending process waits until all of it is delivered.
    if (body.byteLength < largeBytes || response.write(body)) {
      response.end(body.byteLength < largeBytes ? body : undefined);
    } else {
      response.once('drain', () => response.end());
    }
    unread.track(response, body.byteLength);
  }

  /** Gives a request to yoga, with the body that has been read. */
  const delegate = (request: IncomingMessage, response: ServerResponse, body: string) =>
    // An empty body would make yoga read the request again.
    yoga(Object.assign(request, { body: body || ' ' }), response);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodies.read(request);
    const type = mediaTypeOf(request.headers.accept);
    if (body.kind === 'whole') {
      const isPlain = type !== null && request.url === endpoint && options.isOpen();
      try {
        await (isPlain ? serve(request, response, type, body.text) : delegate(request, response, body.text));
      } finally {
        body.release();
      }
    } else if (body.kind === 'too large') {
      response.setHeader('connection', 'close'); // the rest of the body is not read
      send(response, tooLarge[type ?? plainJson]);
    } else if (body.kind === 'overloaded') {
      response.setHeader('connection', 'close');
      reject(response, type ?? plainJson);
    }
  }

  return (request, response) => {
    if (isJsonPost(request, endpoint)) void handle(request, response);
    else void yoga(request, response);
  };
}

const largeBytes = 16_384; // what Node buffers of a response before it asks its writer to wait

function responsesOf(error: GraphQLError): Responses {
  const result = { errors: [error] };
  return { [graphqlJson]: serialize(result, graphqlJson), [plainJson]: serialize(result, plainJson) };
}

/** As yoga rejects a body that is larger than its Content-Length may say. */
const bodyTooLarge = () =>
  new GraphQLError('Request body too large', {
    extensions: { code: 'REQUEST_ENTITY_TOO_LARGE', http: { status: 413 } },
  });

/** Whether the request has a body to be read here; yoga rejects all others without reading them. */
function isJsonPost({ method, url = '', headers }: IncomingMessage, endpoint: string): boolean {
  const length = headers['content-length'];
  return (
    method === 'POST' &&
    pathOf(url) === endpoint &&
    (length === undefined ? headers['transfer-encoding'] !== undefined : isReadable(Number(length))) &&
    headers['content-encoding'] === undefined &&
    /^application\/json(?:;|$)/i.test(headers['content-type'] ?? '')
  );
}

const isReadable = (bytes: number): boolean => bytes > 0 && bytes <= maxBodyBytes;

const jsonTypes = [plainJson, 'application/*', '*/*'];

/** The media type that yoga would choose; null if the choice is yoga's. */
function mediaTypeOf(accept = '*/*'): MediaType | null {
  if (accept.includes('charset')) return null;
  const accepted = accept.split(',').map((each) => each.replace(/;.*/, '').trim().toLowerCase());
  const first = accepted.find((each) => each === graphqlJson || jsonTypes.includes(each));
  if (first === undefined) return null;
  return first === graphqlJson ? graphqlJson : plainJson;
}

/** Undefined for text that is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Operation = GraphQLParams & { query: string };

const operationParams = new Set(['query', 'operationName', 'variables', 'extensions']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether yoga would find nothing wrong with the parameters, and nothing in them but an operation. */
function isOperation(params: unknown): params is Operation {
  if (!isObject(params)) return false;
  const { query, operationName, variables, extensions } = params;
  return (
    typeof query === 'string' &&
    query !== '' &&
    typeof (operationName ?? '') === 'string' &&
    isObject(variables ?? {}) &&
    isObject(extensions ?? {}) &&
    Object.keys(params).every((name) => operationParams.has(name))
  );
}

const callerOf = (request: IncomingMessage, response: ServerResponse, clientKey: ClientKey): Client => ({
  clientKey: clientKey((name) => headerOf(request, name), request.socket.remoteAddress),
  header: (name) => headerOf(request, name),
  whenGone: (callback) => void response.once('close', () => response.writableFinished || callback()),
});

const headerOf = ({ headers }: IncomingMessage, name: string): string | null =>
  headers[name.toLowerCase()]?.toString() ?? null;
