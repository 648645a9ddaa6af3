import DataLoader from 'dataloader';
import { deadlinePassed, GatewayError } from '../../../errors.ts';
import { SmallerPageNeeded } from '../capabilities/page-sizes.ts';
import { type EndpointRequest, FeatureWithheld } from '../kinds/requests/endpoint-request.ts';
import type { SharedLeases } from '../shared-state/shared-store.ts';
import { type FieldContext, withDeadline } from '../usage/field-context.ts';
import type { BatchFetcher } from './batch-fetcher.ts';
import type { DeferredWrites } from './deferred-writes.ts';
import type { Form } from './embedded.ts';
import {
  createFetchDecisions,
  createPendingFetch,
  join,
  type PendingFetch,
  type PendingFetchesOptions,
  type ReadResult,
} from './pending-fetches.ts';

/** A request to Spotify, shared by all fields that read the same meanwhile. */
interface InFlightRequest {
  pendingFetch: PendingFetch;
  result: Promise<ReadResult>;
}

interface InFlightOptions extends PendingFetchesOptions {
  batchFetcher: BatchFetcher;
  /** By which only one process at a time reads a key from Spotify; undefined if there is only one process. */
  leases?: SharedLeases | undefined;
  writes: DeferredWrites;
}

/**
 * The result of the identical request that is in flight, or of a new one. A request that has failed for an operation fails
 * for its other fields with the same error, and is not sent again.
 * @throws GatewayError, SmallerPageNeeded, FeatureWithheld
 */
export type Fetch = (
  endpointRequest: EndpointRequest,
  fieldContext: FieldContext,
  options: Partial<Pick<PendingFetch, 'form' | 'isRefresh'>>,
) => Promise<ReadResult>;

type JoinOrStart = (...parameters: Parameters<Fetch>) => InFlightRequest;

export function createInFlightRequests(options: InFlightOptions) {
  const { batchFetcher, memory, sharedResponses, leases, writes } = options;
  const fetchDecisions = createFetchDecisions(options);
  const inFlight = new Map<string, InFlightRequest>();
  // Requests of all operations are collected until the event loop has read every socket that has data. They can share
  // calls, because the catalogue is public and read with one app token.
  const loader = new DataLoader<PendingFetch, Promise<ReadResult>>(dispatchBatch, {
    cache: false,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  });
  const load = async (pendingFetch: PendingFetch) => loader.load(pendingFetch); // unwraps the promise of `dispatchBatch`

  function start(endpointRequest: EndpointRequest, form: Form, isRefresh: boolean) {
    const cachedEntry = memory.get(endpointRequest.key);
    const pendingFetch = createPendingFetch(endpointRequest, cachedEntry, { form, isRefresh });
    const result = load(pendingFetch).finally(() => end(pendingFetch));
    result.catch(() => undefined); // no field may wait for it any more
    const request = { pendingFetch, result };
    inFlight.set(endpointRequest.key, request);
    return request;
  }

  /** From now on an identical read starts a request of its own. */
  function end(pendingFetch: PendingFetch): void {
    const { key } = pendingFetch.endpointRequest;
    pendingFetch.waiters?.recordJoined();
    if (inFlight.get(key)?.pendingFetch === pendingFetch) inFlight.delete(key);
  }

  /** Sends the collected requests, except those that the store, the quota or another process make needless. */
  async function dispatchBatch(pendingFetches: readonly PendingFetch[]): Promise<Promise<ReadResult>[]> {
    const keys = pendingFetches.map(({ endpointRequest }) => endpointRequest.key);
    // Both commands are sent together, the leases first: an entry is stored before its lease ends.
    const [hasLease, storedEntries] = await Promise.all([
      leases?.acquireLeases(keys),
      sharedResponses?.read(pendingFetches),
    ]);
    const releaseLease = (key: string, i: number) => {
      // After the write of the entry, so that the waiting processes find it.
      if (hasLease?.[i]) writes.enqueue(() => leases?.releaseLease(key));
    };
    try {
      for (const [i, pendingFetch] of pendingFetches.entries())
        fetchDecisions.useLatest(pendingFetch, storedEntries?.[i]);
      return settleBatch(pendingFetches, hasLease ?? [], releaseLease);
    } catch (error) {
      keys.forEach(releaseLease); // a lease that is held is renewed without end
      throw error;
    }
  }

  function settleBatch(
    pendingFetches: readonly PendingFetch[],
    hasLease: readonly boolean[],
    releaseLease: (key: string, i: number) => void,
  ): Promise<ReadResult>[] {
    const isOurs = (i: number) => hasLease[i] !== false;
    const decisions = fetchDecisions.decide(pendingFetches);
    const isCall = (i: number) => decisions[i]?.decision === 'call';
    // The other requests end now: they may get a simplified object, and a read that joins later may need the full one.
    for (const pendingFetch of pendingFetches.filter((_, i) => !isCall(i))) end(pendingFetch);
    const results = batchFetcher(pendingFetches.filter((_, i) => isCall(i) && isOurs(i)));
    return pendingFetches.map(async (pendingFetch, i): Promise<ReadResult> => {
      if (isCall(i) && !isOurs(i)) return waitForOtherProcess(pendingFetch);
      try {
        const result = await results.get(pendingFetch);
        if (result)
          return { entry: fetchDecisions.store(pendingFetch, result), decision: 'use', source: 'spotify' };
        return fetchDecisions.resultOf(pendingFetch, decisions[i]);
      } finally {
        releaseLease(pendingFetch.endpointRequest.key, i);
      }
    });
  }

  /** Reads the store again when the other process has stored its entry, or has failed. */
  async function waitForOtherProcess(pendingFetch: PendingFetch): Promise<ReadResult> {
    pendingFetch.hasWaitedForOtherProcess = true;
    await leases?.whenLeaseEnds(pendingFetch.endpointRequest.key);
    const isNeeded = pendingFetch.fieldContexts.some(({ operation }) => !operation.hasEnded());
    if (!isNeeded) throw deadlinePassed();
    return load(pendingFetch);
  }

  const joinOrStart: JoinOrStart = (endpointRequest, fieldContext, { form = 'full', isRefresh = false }) => {
    const current = inFlight.get(endpointRequest.key);
    // The response may contain an id that was removed meanwhile: then its data is older than the removal.
    const mayJoin = current && !options.purges.hasPurgedSince(current.pendingFetch.startedMs);
    const request = mayJoin ? current : start(endpointRequest, form, isRefresh);
    join(request.pendingFetch, form, fieldContext);
    return request;
  };
  const fetch = createFetch(joinOrStart);
  return { fetch, isInFlight: (key: string) => inFlight.has(key), inFlightCount: () => inFlight.size };
}

function createFetch(joinOrStart: JoinOrStart): Fetch {
  return async (endpointRequest, fieldContext, options) => {
    const { failures } = fieldContext.operation;
    const failure = failures.get(endpointRequest.key);
    if (failure) throw failure;
    const { pendingFetch, result } = joinOrStart(endpointRequest, fieldContext, options);
    const isFirst = pendingFetch.fieldContexts.length === 1;
    try {
      const readResult = await withDeadline(result, fieldContext);
      return readResult.source === 'spotify' && !isFirst ? { ...readResult, source: 'shared' } : readResult;
    } catch (error) {
      if (isFailure(error)) failures.set(endpointRequest.key, error);
      throw error;
    }
  };
}

/** Whether the error has its cause in the request, so that the operation gets the same one for each of its fields. */
const isFailure = (error: unknown): error is Error =>
  error instanceof GatewayError || error instanceof FeatureWithheld || error instanceof SmallerPageNeeded;
