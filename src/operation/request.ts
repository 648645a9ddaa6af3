import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Serializable } from './answer-errors.ts';

/**
 * One operation from its document to its answer, whichever way it came. Nothing is thrown: what goes wrong is in
 * the answer.
 * @param carrier becomes the operation's context, for whoever wants to look into it afterwards
 */
export type Run = (
  request: OperationRequest,
  caller: Client,
  carrier?: object,
) => Promise<ExecutionResult & Serializable>;

export interface OperationRequest {
  /** As text, or as a parent in the same process has parsed it. */
  document: string | DocumentNode;
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
}

/** Who asks. */
export interface Client {
  /** The client that sent the operation, for fairness between clients: its address, or the value of a header. */
  clientKey: string;
  header(name: string): string | null;
  /** Calls back when nobody waits for the answer any more. */
  whenGone(callback: () => void): void;
}

/** Variables as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;

/** The client key of operations that a parent in the same process runs. */
export const inProcessClient = 'in-process';
