/** The log entry of one operation. It holds nothing that a client wrote. */
export interface OperationUsage {
  /** The name that the document gives it. */
  operation: string | null;
  /** Tells documents apart. */
  document: string;
  plannedCalls: number;
  actualCalls: number;
  cacheHits: number;
}
