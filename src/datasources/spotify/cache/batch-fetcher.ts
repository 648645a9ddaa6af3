import { GatewayError } from '../../../errors.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import type { Batch, EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { throwIfBatchWithheld } from '../kinds/requests/withheld.ts';
import type { ApiClient, ApiRequest } from '../transport/api-client.ts';
import type { HttpResponse } from '../transport/http.ts';
import { createWaiters } from '../usage/waiters.ts';
import {
  type BatchResult,
  batchResult,
  type DecodedResponse,
  decodeFound,
  isAboutIds,
  isAboutSearchType,
  isRejection,
  resultOfErrorStatus,
} from './decoded-response.ts';
import type { PendingFetch } from './pending-fetches.ts';

/**
 * Sends the requests with as few calls as the capabilities of the app allow.
 * @returns one promise for each request, so that none waits for a slower one
 */
export type BatchFetcher = (
  pendingFetches: readonly PendingFetch[],
) => ReadonlyMap<PendingFetch, Promise<DecodedResponse>>;

export function createBatchFetcher(apiClient: ApiClient, capabilities: Capabilities): BatchFetcher {
  const dependencies = { apiClient, capabilities };
  return (pendingFetches) => {
    const results = new Map<PendingFetch, Promise<DecodedResponse>>();
    for (const group of groupByBatch(pendingFetches)) {
      const batch = group[0]?.endpointRequest.batch;
      const promises =
        batch && group.length > 1
          ? fetchBatch(dependencies, group, batch)
          : group.map((pendingFetch) => fetchOne(dependencies, pendingFetch));
      for (const [i, promise] of promises.entries()) results.set(group[i] as PendingFetch, promise);
    }
    return results;
  };
}

/** Groups of requests that can share a call, no larger than one call accepts. */
function groupByBatch(pendingFetches: readonly PendingFetch[]): PendingFetch[][] {
  const groups: PendingFetch[][] = [];
  const growing = new Map<string, PendingFetch[]>();
  for (const pendingFetch of pendingFetches) {
    const { batch } = pendingFetch.endpointRequest;
    const openGroup = batch && growing.get(batch.key);
    if (openGroup && openGroup.length < batch.max) {
      openGroup.push(pendingFetch);
      continue;
    }
    const group = [pendingFetch];
    groups.push(group);
    if (batch) growing.set(batch.key, group);
  }
  return groups;
}

interface FetchDependencies {
  apiClient: ApiClient;
  capabilities: Capabilities;
}

/** One call for one request. */
function fetchOne(dependencies: FetchDependencies, pendingFetch: PendingFetch): Promise<DecodedResponse> {
  const { endpointRequest, cachedEntry } = pendingFetch;
  const etag = cachedEntry?.etag ?? null;
  const call = async (): Promise<DecodedResponse> => {
    const response = await callSpotify(dependencies, endpointRequest.apiRequest, [pendingFetch], etag);
    if (response.status === 304 && etag !== null) return { status: 'unchanged' };
    if (response.status !== 200) return resultOfErrorStatus(endpointRequest, response);
    return decodeFound(endpointRequest, response.body, response);
  };
  const callWithin = () => withinLimit(dependencies, endpointRequest, call, (result) => [result]);
  const { feature } = endpointRequest;
  if (!feature) return callWithin();
  return dependencies.capabilities.learnFeature(
    feature.name,
    feature.object,
    callWithin,
    ({ status }) => status !== 'absent',
  );
}

/** One call for all requests; one for each if the app lacks batch reads or the response cannot be used for all. */
function fetchBatch(
  dependencies: FetchDependencies,
  pendingFetches: readonly PendingFetch[],
  batch: Batch,
): Promise<DecodedResponse>[] {
  const [{ endpointRequest }] = pendingFetches as [PendingFetch];
  const { capabilities } = dependencies;
  let isTried = false;
  const call = () => {
    isTried = true;
    return withinLimit(
      dependencies,
      endpointRequest,
      () => callBatch(dependencies, pendingFetches, batch),
      (results) => results ?? [],
    );
  };
  const objects = pendingFetches.map((pendingFetch) => pendingFetch.endpointRequest.key).join();
  const callIfGranted = (feature: string) =>
    capabilities.nullIfMissing(feature, objects, () =>
      capabilities.learnFeature(feature, objects, call, (all) => all !== null),
    );
  const results = batch.feature ? callIfGranted(batch.feature) : call();
  const settledResults = results.then(
    (all) => all?.map(toPromise) ?? fetchEach(dependencies, pendingFetches, isTried),
  );
  return pendingFetches.map(async (_, i) => (await settledResults)[i] as Promise<DecodedResponse>);
}

/** @returns null if the response does not match the requests, or one of them may be the cause of a failure */
async function callBatch(
  dependencies: FetchDependencies,
  pendingFetches: readonly PendingFetch[],
  batch: Batch,
): Promise<BatchResult[] | null> {
  const values = pendingFetches.map(({ endpointRequest }) => endpointRequest.batchKey ?? '');
  const response = await callSpotify(dependencies, batch.request(values), pendingFetches, null);
  // If this throws, or the result is null, the ids are read one by one.
  if (batch.feature) throwIfBatchWithheld(response);
  if (batch.feature ? isAboutIds(response) : isAboutSearchType(response)) return null;
  if (response.status !== 200)
    return pendingFetches.map(({ endpointRequest }) => resultOfErrorStatus(endpointRequest, response));
  if (batch.isUsable?.(response.body, values) === false) return null;
  const share = { etag: null, bytes: Math.ceil(response.bytes / pendingFetches.length) };
  return pendingFetches.map(({ endpointRequest }, i) =>
    batchResult(endpointRequest, () => batch.part(response.body, i, values), share),
  );
}

/** @param isTried whether a batch call for these requests was sent before */
function fetchEach(
  dependencies: FetchDependencies,
  pendingFetches: readonly PendingFetch[],
  isTried: boolean,
): Promise<DecodedResponse>[] {
  const results = pendingFetches.map((pendingFetch) => fetchOne(dependencies, pendingFetch));
  // If single reads are rejected like the batch before them, the cause is not the lack of batch reads.
  if (isTried && dependencies.capabilities.has('batch') === false)
    void Promise.allSettled(results).then((outcomes) => {
      if (outcomes.every(isRejection)) dependencies.capabilities.reset('batch');
    });
  return results;
}

async function callSpotify(
  { apiClient, capabilities }: FetchDependencies,
  apiRequest: ApiRequest,
  pendingFetches: readonly PendingFetch[],
  etag: string | null,
): Promise<HttpResponse> {
  const waiters = createWaiters(() =>
    pendingFetches.flatMap(({ fieldContexts }) => fieldContexts.map(({ operation }) => operation)),
  );
  for (const pendingFetch of pendingFetches) pendingFetch.waiters = waiters;
  const hasCachedEntry = pendingFetches.every(({ cachedEntry, isRefresh }) => cachedEntry && !isRefresh);
  const response = await apiClient.request(apiRequest, waiters, etag, hasCachedEntry);
  if (response.status === 200 || response.status === 304) capabilities.recordSuccess();
  return response;
}

/** Makes the call, from which the page size limit of the endpoint is learned. */
function withinLimit<T>(
  { capabilities }: FetchDependencies,
  { limit }: EndpointRequest,
  call: () => Promise<T>,
  resultsIn: (value: T) => readonly BatchResult[],
): Promise<T> {
  if (!limit) return call();
  const isGranted = (result: BatchResult) =>
    !(result instanceof GatewayError) && result.status === 'found' && limit.isLimitHonoured(result.value);
  return capabilities.withPageSize(limit.endpoint, limit.items, limit.list, call, (value) =>
    resultsIn(value).some(isGranted),
  );
}

function toPromise(result: BatchResult): Promise<DecodedResponse> {
  const promise = result instanceof GatewayError ? Promise.reject(result) : Promise.resolve(result);
  promise.catch(() => undefined); // the other promises may be awaited first
  return promise;
}
