import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError, overloaded } from '../errors.ts';
import { isObject, parseJson } from '../json.ts';
import type { Client } from '../operation/request.ts';
import type { Manifest } from '../operation/trusted-documents.ts';
import type { EntryPointOptions } from './entry-point.ts';
import type { MediaType } from './media-types.ts';
import { invalidBody, isOperation, type OperationParams, withDocument } from './operation-params.ts';
import { headersOf } from './request-target.ts';
import { okResponse, type SerializedResponse, serialize, writeResponse } from './response.ts';
import { responseKey } from './response-cache.ts';

/** A POST whose body has been read. */
export interface ReceivedPost {
  request: IncomingMessage;
  response: ServerResponse;
  /** The media type of its response. */
  type: MediaType;
  body: string;
  /** See `Client.key`. The listener has waited for the turn of this client. */
  clientKey: string;
  requestId: string;
}

export type FastPath = ReturnType<typeof createFastPath>;

/**
 * An entry point for plain requests, directly from `node:http`. Creating a Request and a Response takes two thirds of the
 * time in which yoga serves a cached response. Its responses are those of yoga, byte for byte.
 */
export function createFastPath(options: EntryPointOptions) {
  const { executeAndCache, responseCache, unread, onRejected, mask } = options;

  function send({ response, requestId }: ReceivedPost, serialized: SerializedResponse): void {
    writeResponse(response, serialized, requestId);
    unread.countAfterWrite(response, serialized.body.byteLength);
  }

  function reject(post: ReceivedPost, error: GatewayError = overloaded()): void {
    onRejected(error.code);
    send(post, serialize({ errors: [mask(error)] }, post.type));
  }

  async function execute(post: ReceivedPost, params: OperationParams, client: Client, key: string | null) {
    const { result, body, reuse } = await executeAndCache(key, params, client);
    if (post.response.destroyed) return; // the client has gone
    if (unread.hasRoom(body.byteLength)) send(post, serialize(result, post.type, body, reuse));
    else reject(post);
  }

  /**
   * Responds to a request in the form that nearly every client sends: the text of one operation as JSON.
   * @returns false, without a response, if the request has another form
   */
  return async (post: ReceivedPost): Promise<boolean> => {
    const { request, response, body, clientKey, requestId, type } = post;
    const header = headersOf(request);
    const key = responseKey(body, { header });
    const cachedResponse = responseCache.get(key, { header, requestId });
    if (cachedResponse) {
      // Counted too: the cache may evict the body before the client has read it.
      if (!unread.hasRoom(cachedResponse.body.byteLength)) reject(post);
      else send(post, okResponse(cachedResponse.body, type, cachedResponse.reuse));
      return true;
    }
    const sentParams = parseJson(body);
    if (sentParams === undefined) {
      reject(post, invalidBody());
      return true;
    }
    const params = operationOf(sentParams, options.trustedDocuments);
    if (params === null) return false;
    const client = {
      key: clientKey,
      header,
      requestId,
      hasWaitedForTurn: true,
      signal: disconnectSignal(response),
    };
    const mayRun = options.admitOperation() && options.hasParseBudget(params.query, client.key);
    if (mayRun) await execute(post, params, client, key);
    else reject(post);
    return true;
  };
}

/** Null if the parameters are invalid; yoga then reports the mistake. */
function operationOf(sentParams: unknown, trustedDocuments: Manifest | null): OperationParams | null {
  if (!isObject(sentParams)) return null;
  try {
    const params = withDocument(trustedDocuments, sentParams);
    return isOperation(params) ? params : null;
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

/** Aborted when the client closes the connection before it has its response. */
function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => response.writableFinished || controller.abort());
  return controller.signal;
}
