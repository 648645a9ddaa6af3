import type { DocumentNode } from 'graphql';
import type { OperationResponse } from './operation-response.ts';

/** One operation to execute, from any entry point. */
export interface GraphQLRequest {
  /** The text, or the parsed document of a caller in the same process. */
  document: string | DocumentNode;
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
  client: Client;
}

/** Runs one operation. It never rejects: every failure is an error in the result. */
export type ExecuteOperation = (request: GraphQLRequest) => Promise<OperationResponse>;

/** The client that sent an operation. */
export interface Client {
  /** Identifies the client, for fairness between clients: the client's address, or the value of a header. */
  key: string;
  /** The value of a request header; null if the request has no such header. */
  header(name: string): string | null;
  /** The id of the HTTP request; null for an operation of the same process. */
  requestId: string | null;
  /** Whether the entry point has waited for the turn of the client, so that the operation starts at once. Default: false */
  hasWaitedForTurn?: boolean;
  /** Aborted when the client no longer waits for the response. */
  signal?: AbortSignal | undefined;
}

/** Variables as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;
