import type { GraphQLError } from 'graphql';
import type { Documents } from '../operation/documents.ts';
import type { Client } from '../operation/request.ts';
import type { Manifest } from '../operation/trusted-documents.ts';
import type { IdentifyClient } from './client-key.ts';
import type { ExecuteAndCache } from './execute-and-cache.ts';
import type { ResponseCache } from './response-cache.ts';
import type { UnreadResponses } from './unread-responses.ts';

/** The part of the context of yoga that the listener of node:http adds to a request. */
export type RequestContext = Required<Pick<Client, 'hasWaitedForTurn'>>;

/** The parts of the gateway that the fast path and yoga share. */
export interface EntryPointOptions {
  executeAndCache: ExecuteAndCache;
  responseCache: ResponseCache;
  unread: UnreadResponses;
  identifyClient: IdentifyClient;
  /** Null if requests send their documents as text. */
  trustedDocuments: Manifest | null;
  /** Counts an operation that has just arrived. Returns whether the process keeps up well enough to run it. */
  admitOperation(): boolean;
  hasParseBudget: Documents['hasParseBudget'];
  /** See `Metrics.recordRejection`. */
  onRejected(code: string): void;
  /** Makes the error that the client sees; logs the error if it is a bug of the gateway. */
  mask(error: unknown): GraphQLError;
}
