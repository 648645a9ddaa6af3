import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { BadRequest, type GatewayError, overloaded, QueryTooComplex } from '../errors.ts';
import { bodyTooLargeMessage } from '../operation/response-errors.ts';
import { maxBodyBytes } from '../operation/validation.ts';
import type { EntryPointOptions, RequestContext } from './entry-point.ts';
import type { FastPath, ReceivedPost } from './fast-path.ts';
import { acceptedType, isPlainJson, plainJson } from './media-types.ts';
import type { RequestBodies, RequestBody } from './request-bodies.ts';
import { requestIdOf } from './request-id.ts';
import { headersOf, pathOf, sentTarget } from './request-target.ts';
import { type SerializedResponse, serialize, writeResponse } from './response.ts';

export interface NodeListenerOptions
  extends Pick<EntryPointOptions, 'unread' | 'onRejected' | 'mask' | 'identifyClient'> {
  endpoint: string;
  fastPath: FastPath;
  /** Whether the fast path may respond at this moment; otherwise yoga does, whose plugins reject the request or add headers. */
  isFastPathOpen(): boolean;
  yoga: (request: IncomingMessage, response: ServerResponse, context: RequestContext) => unknown;
  bodies: RequestBodies;
  /** The headers without which a page of another origin cannot read a response. */
  corsHeaders(origin: string | undefined): Record<string, string>;
  /** The paths whose requests do not wait for a turn. */
  healthPaths: readonly string[];
  /** Waits until the client may have more of the processor. False if the process has too much to do. See `OperationQueue`. */
  waitForTurn(clientKey: string): true | Promise<boolean>;
}

/**
 * Reads the bodies of JSON requests, and passes each request to the fast path or, if it has another form, to yoga. The body
 * is read, then the request waits for the turn of its client, unless it is a health check. Requests with other bodies do not
 * wait: the body would take memory meanwhile, and yoga rejects most of them at once.
 */
export function createNodeListener(options: NodeListenerOptions): RequestListener {
  const { endpoint, fastPath, isFastPathOpen, yoga, bodies, healthPaths, waitForTurn } = options;
  const { reject, fail } = createErrorResponses(options);
  const keyOf = (request: IncomingMessage) =>
    options.identifyClient(headersOf(request), request.socket?.remoteAddress);

  async function handleBody(
    request: IncomingMessage,
    response: ServerResponse,
    { body, clientKey }: Pick<ReceivedPost, 'body' | 'clientKey'>,
  ): Promise<void> {
    const type = acceptedType(request.headers.accept);
    const requestId = requestIdOf(headersOf(request));
    const mayUseFastPath = type !== null && sentTarget(request) === endpoint && isFastPathOpen();
    if (mayUseFastPath && (await fastPath({ request, response, type, body, clientKey, requestId }))) return;
    // Yoga reads the stream unless `request.body` is set and not empty.
    await yoga(Object.assign(request, { body: body || ' ' }), response, { hasWaitedForTurn: true });
  }

  async function readInTurn(request: IncomingMessage, clientKey: string): Promise<RequestBody> {
    const body = await bodies.read(request, clientKey);
    if (body.kind !== 'whole') return body;
    const hasTurn = await waitForTurn(clientKey);
    const isConnected = !request.socket?.destroyed;
    if (hasTurn && isConnected) return body;
    body.release();
    return { kind: isConnected ? 'overloaded' : 'aborted' };
  }

  async function handlePost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const clientKey = keyOf(request);
    const body = await readInTurn(request, clientKey);
    if (body.kind === 'whole') {
      try {
        await handleBody(request, response, { body: body.text, clientKey });
      } finally {
        body.release();
      }
    } else if (body.kind !== 'aborted') {
      reject(response, body.kind);
    }
  }

  const isHealthCheck = (request: IncomingMessage) => healthPaths.includes(pathOf(sentTarget(request) ?? ''));

  async function handleInTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const hasTurn = await waitForTurn(keyOf(request));
    if (request.socket?.destroyed || response.writableEnded) return;
    if (hasTurn) await yoga(request, response, { hasWaitedForTurn: true });
    else reject(response, 'overloaded');
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (isJsonPost(request, endpoint)) await handlePost(request, response);
      else if (hasBody(request) || isHealthCheck(request))
        await yoga(request, response, { hasWaitedForTurn: false });
      else await handleInTurn(request, response);
    } catch (bug) {
      fail(response, bug);
    }
  }

  return (request, response) => void handle(request, response);
}

const bodyLost =
  'The body was read before the request reached the gateway: mount the gateway before the body parser, or let the parser set `request.body`.';

/** The error of each request that is not handled, and its status if it is not that of the code. */
const rejections: Record<'too large' | 'lost' | 'overloaded', { error: GatewayError; status?: number }> = {
  'too large': { error: new QueryTooComplex(bodyTooLargeMessage, { limit: maxBodyBytes }), status: 413 },
  lost: { error: new BadRequest(bodyLost) },
  overloaded: { error: overloaded() },
};

/** The responses to requests that are not handled, or whose handling has failed. */
function createErrorResponses({
  unread,
  corsHeaders,
  onRejected,
  mask,
}: Pick<NodeListenerOptions, 'unread' | 'corsHeaders' | 'onRejected' | 'mask'>) {
  function write(response: ServerResponse, serialized: SerializedResponse): void {
    const { req: request } = response;
    const headers = { ...serialized.headers, ...corsHeaders(request.headers.origin) };
    writeResponse(response, { ...serialized, headers }, requestIdOf(headersOf(request)));
  }

  const serializeFor = ({ req: { headers } }: ServerResponse, error: unknown) =>
    serialize({ errors: [mask(error)] }, acceptedType(headers.accept) ?? plainJson);

  return {
    reject(response: ServerResponse, cause: keyof typeof rejections): void {
      const { error, ...status } = rejections[cause];
      const serialized = { ...serializeFor(response, error), ...status };
      onRejected(error.code);
      if (!response.req.complete) response.setHeader('connection', 'close'); // the rest of the body is not read
      write(response, serialized);
      unread.countAfterWrite(response, serialized.body.byteLength);
    },
    /** Responds to a request that failed by a bug, so that its client does not wait for ever. */
    fail(response: ServerResponse, bug: unknown): void {
      const serialized = serializeFor(response, bug);
      if (response.headersSent) response.destroy();
      else write(response, serialized);
    },
  };
}

/** Whether the request is a JSON POST to the endpoint, whose body may be read. Yoga handles all other requests. */
function isJsonPost(request: IncomingMessage, endpoint: string): boolean {
  const { method, headers } = request;
  const length = headers['content-length'];
  return (
    method === 'POST' &&
    pathOf(sentTarget(request) ?? '') === endpoint &&
    (length === undefined ? headers['transfer-encoding'] !== undefined : isAcceptedLength(Number(length))) &&
    isPlainJson(headers['content-type'], headers['content-encoding'])
  );
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

const isAcceptedLength = (bytes: number): boolean => bytes > 0 && bytes <= maxBodyBytes;
