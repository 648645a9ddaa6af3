import { GatewayError, UpstreamAuthFailed, UpstreamBadResponse, UpstreamForbidden } from '../../../errors.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { FeatureWithheld } from '../capabilities/rejection-errors.ts';
import { type Batch, type EndpointRequest, throwIfWithheld } from '../kinds/endpoint-request.ts';
import { MalformedResponse } from '../kinds/json.ts';
import type { ApiClient } from '../transport/api-client.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { createWaiters, type FieldContext } from '../usage/field-context.ts';

/** A request to Spotify, the fields that wait for it (more may join), and the ETag of the cached entry, if any. */
export interface FetchRequest {
  endpointRequest: EndpointRequest<unknown>;
  fieldContexts: readonly FieldContext[];
  etag: string | null;
}

export type FetchResult =
  /** The value, and the JSON that it was decoded from. */
  | { status: 'found'; value: unknown; body: unknown; etag: string | null; bytes: number }
  | { status: 'absent' }
  /** The cached entry is still correct. */
  | { status: 'unchanged' };

/**
 * Sends the requests with as few calls as the capabilities of the app allow.
 * @returns one promise for each request, so that none waits for a slower one
 */
export type BatchFetcher = (fetchRequests: readonly FetchRequest[]) => Promise<FetchResult>[];

export function createBatchFetcher(apiClient: ApiClient, capabilities: Capabilities): BatchFetcher {
  const send: ApiClient['request'] = async (...request) => {
    const response = await apiClient.request(...request);
    if (response.status === 200 || response.status === 304) capabilities.recordSuccess();
    return response;
  };

  /** One call for one request. */
  function fetchOne({ endpointRequest, fieldContexts, etag }: FetchRequest): Promise<FetchResult> {
    const waiters = createWaiters(() => fieldContexts.map(({ operation }) => operation));
    const call = async (): Promise<FetchResult> => {
      const response = await send(endpointRequest.request, waiters, etag);
      if (response.status === 304 && etag !== null) return { status: 'unchanged' };
      if (response.status !== 200) return resultOfErrorStatus(endpointRequest, response);
      return orBadResponse(() => decodeFound(endpointRequest, response.body, response));
    };
    return withinLimit(endpointRequest, call, (result) => [result]);
  }

  /** One call for all requests; one for each if the app lacks batch reads or the response does not match. */
  function fetchBatch(fetchRequests: readonly FetchRequest[], batch: Batch): Promise<FetchResult>[] {
    const call = () => callBatch(fetchRequests, batch);
    const objects = fetchRequests.map(({ endpointRequest }) => endpointRequest.key).join();
    const results = batch.feature ? capabilities.withFeature(batch.feature, objects, call) : call();
    const settledResults = results.then((all) => all?.map(toPromise) ?? fetchIndividually(fetchRequests));
    return fetchRequests.map(async (_, i) => (await settledResults)[i] as Promise<FetchResult>);
  }

  async function callBatch(
    fetchRequests: readonly FetchRequest[],
    batch: Batch,
  ): Promise<(FetchResult | GatewayError)[] | null> {
    const [{ endpointRequest }] = fetchRequests as [FetchRequest];
    const values = fetchRequests.map((fetchRequest) => fetchRequest.endpointRequest.batchKey ?? '');
    const waiters = createWaiters(() =>
      fetchRequests.flatMap(({ fieldContexts }) => fieldContexts.map(({ operation }) => operation)),
    );
    const call = async (): Promise<(FetchResult | GatewayError)[] | null> => {
      const response = await send(batch.request(values), waiters);
      if (response.status !== 200) {
        if (batch.feature) throwIfBatchWithheld(response);
        return fetchRequests.map(() => resultOfErrorStatus(endpointRequest, response));
      }
      if (batch.isUsable?.(response.body, values) === false) return null;
      const share = { ...response, etag: null, bytes: Math.ceil(response.bytes / fetchRequests.length) };
      const read = (fetchRequest: FetchRequest, i: number): FetchResult => {
        const part = batch.part(response.body, i, values);
        return part === null ? { status: 'absent' } : decodeFound(fetchRequest.endpointRequest, part, share);
      };
      return fetchRequests.map((fetchRequest, i) =>
        toResult(() => orBadResponse(() => read(fetchRequest, i))),
      );
    };
    return withinLimit(endpointRequest, call, (results) => results ?? []);
  }

  function fetchIndividually(fetchRequests: readonly FetchRequest[]): Promise<FetchResult>[] {
    const results = fetchRequests.map(fetchOne);
    void Promise.allSettled(results).then((outcomes) => {
      // If single reads are forbidden too, the cause is not the lack of batch reads.
      const allForbidden = outcomes.every(
        (outcome) => outcome.status === 'rejected' && outcome.reason instanceof UpstreamForbidden,
      );
      if (allForbidden) capabilities.reset('batch');
    });
    return results;
  }

  const withinLimit = <T>(
    { limit }: EndpointRequest<unknown>,
    call: () => Promise<T>,
    resultsIn: (value: T) => readonly (FetchResult | GatewayError)[],
  ): Promise<T> => {
    if (!limit) return call();
    const isGranted = (result: FetchResult | GatewayError) =>
      !(result instanceof GatewayError) && result.status === 'found' && limit.isLimitHonoured(result.value);
    return capabilities.withLimit(limit.endpoint, limit.items, limit.list, call, (value) =>
      resultsIn(value).some(isGranted),
    );
  };

  return (fetchRequests) => {
    const results = new Map<FetchRequest, Promise<FetchResult>>();
    for (const group of groupByBatch(fetchRequests)) {
      const batch = group[0]?.endpointRequest.batch;
      const promises = batch && group.length > 1 ? fetchBatch(group, batch) : group.map(fetchOne);
      for (const [i, fetchRequest] of group.entries())
        results.set(fetchRequest, promises[i] as Promise<FetchResult>);
    }
    return fetchRequests.map((fetchRequest) => results.get(fetchRequest) as Promise<FetchResult>);
  };
}

/** Groups of requests that can share a call, no larger than one call accepts. */
function groupByBatch(fetchRequests: readonly FetchRequest[]): FetchRequest[][] {
  const groups: FetchRequest[][] = [];
  const growing = new Map<string, FetchRequest[]>();
  for (const fetchRequest of fetchRequests) {
    const { batch } = fetchRequest.endpointRequest;
    const openGroup = batch && growing.get(batch.key);
    if (openGroup && openGroup.length < batch.max) {
      openGroup.push(fetchRequest);
      continue;
    }
    const group = [fetchRequest];
    groups.push(group);
    if (batch) growing.set(batch.key, group);
  }
  return groups;
}

/** @throws MalformedResponse */
const decodeFound = (
  { decode }: EndpointRequest<unknown>,
  body: unknown,
  { etag, bytes }: Pick<HttpAnswer, 'etag' | 'bytes'>,
): FetchResult => ({ status: 'found', value: decode(body), body, etag, bytes });

/** @throws UpstreamBadResponse if the response is not as documented */
function orBadResponse(read: () => FetchResult): FetchResult {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedResponse)) throw error;
    throw new UpstreamBadResponse(`Spotify's response is not as documented (${error.message}).`);
  }
}

/** A result that failed rejects only the promise of its own request. */
function toPromise(result: FetchResult | GatewayError): Promise<FetchResult> {
  const promise = result instanceof GatewayError ? Promise.reject(result) : Promise.resolve(result);
  promise.catch(() => undefined); // the other promises may be awaited first
  return promise;
}

function toResult(result: () => FetchResult): FetchResult | GatewayError {
  try {
    return result();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** The result of a response other than 200 and 304. @throws GatewayError, LimitRejected, FeatureWithheld */
function resultOfErrorStatus(endpointRequest: EndpointRequest<unknown>, response: HttpAnswer): FetchResult {
  if (endpointRequest.onErrorStatus(response) === null) return { status: 'absent' };
  if (response.status === 401)
    throw new UpstreamAuthFailed('This endpoint needs a user token; the gateway has an app token.');
  if (response.status === 403)
    throw new UpstreamForbidden('Spotify does not allow this app to read this resource.');
  throw new UpstreamBadResponse(`Spotify responded with status ${response.status}.`);
}

/** An unknown id is null in a batch, so a 404 means that the batch endpoint does not exist. */
function throwIfBatchWithheld(response: HttpAnswer): void {
  if (response.status === 404) throw new FeatureWithheld(true);
  throwIfWithheld(response);
}
