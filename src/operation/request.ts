import type { DocumentNode } from 'graphql';

/** One operation to execute, from any entry point. */
export interface GraphQLRequest {
  /** As text, or as a parent in the same process has parsed it. */
  document: string | DocumentNode;
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
  client: Client;
}

/** The client that sent an operation. */
export interface Client {
  /** Tells clients apart, for fairness between them: the client's address, or the value of a header. */
  key: string;
  /** The value of a request header; null if the request has no such header. */
  header(name: string): string | null;
  /** Aborted when the client no longer waits for the response. */
  signal?: AbortSignal | undefined;
}

/** Variables as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;

/** The key of all operations that a parent in the same process runs. */
export const inProcessClientKey = 'in-process';
