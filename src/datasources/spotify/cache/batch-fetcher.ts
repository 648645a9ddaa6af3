import { GatewayError, UpstreamAuthFailed, UpstreamBadResponse, UpstreamForbidden } from '../../../errors.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { FeatureWithheld } from '../capabilities/rejection-errors.ts';
import { type Batch, type EndpointRequest, throwIfWithheld } from '../kinds/endpoint-request.ts';
import { MalformedAnswer } from '../kinds/json.ts';
import type { ApiClient } from '../transport/api-client.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { createWaiters, type FieldContext } from '../usage/field-context.ts';

/** One question, who waits for its answer (more may come), and the tag of the copy that is held, if any. */
export interface FetchRequest {
  endpointRequest: EndpointRequest<unknown>;
  fieldContexts: readonly FieldContext[];
  etag: string | null;
}

export type FetchResult =
  /** The value, and the JSON that it was decoded from. */
  | { status: 'found'; value: unknown; body: unknown; etag: string | null; bytes: number }
  | { status: 'absent' }
  /** The copy that is held is still right. */
  | { status: 'unchanged' };

/**
 * Asks Spotify with as few calls as the app's abilities allow for the questions of one tick.
 * @returns one promise a question, so that none waits for a slower one
 */
export type BatchFetcher = (questions: readonly FetchRequest[]) => Promise<FetchResult>[];

export function createBatchFetcher(apiClient: ApiClient, capabilities: Capabilities): BatchFetcher {
  const send: ApiClient['request'] = async (...request) => {
    const reply = await apiClient.request(...request);
    if (reply.status === 200 || reply.status === 304) capabilities.recordSuccess();
    return reply;
  };

  /** One call for one question. */
  function fetchOne({ endpointRequest, fieldContexts, etag }: FetchRequest): Promise<FetchResult> {
    const waiters = createWaiters(() => fieldContexts.map(({ operation }) => operation));
    const ask = async (): Promise<FetchResult> => {
      const reply = await send(endpointRequest.request, waiters, etag);
      if (reply.status === 304 && etag !== null) return { status: 'unchanged' };
      if (reply.status !== 200) return resultOfErrorStatus(endpointRequest, reply);
      return orBadResponse(() => decodeFound(endpointRequest, reply.body, reply));
    };
    return withinLimit(endpointRequest, ask, (answer) => [answer]);
  }

  /** One call for all of them; where the app may not do that, or the response does not fit, one for each. */
  function fetchBatch(questions: readonly FetchRequest[], batch: Batch): Promise<FetchResult>[] {
    const ask = () => callBatch(questions, batch);
    const objects = questions.map(({ endpointRequest }) => endpointRequest.key).join();
    const answers = batch.feature ? capabilities.withFeature(batch.feature, objects, ask) : ask();
    const landed = answers.then((all) => all?.map(toPromise) ?? fetchIndividually(questions));
    return questions.map(async (_, i) => (await landed)[i] as Promise<FetchResult>);
  }

  async function callBatch(
    questions: readonly FetchRequest[],
    batch: Batch,
  ): Promise<(FetchResult | GatewayError)[] | null> {
    const [{ endpointRequest }] = questions as [FetchRequest];
    const values = questions.map((question) => question.endpointRequest.batchKey ?? '');
    const waiters = createWaiters(() =>
      questions.flatMap(({ fieldContexts }) => fieldContexts.map(({ operation }) => operation)),
    );
    const ask = async (): Promise<(FetchResult | GatewayError)[] | null> => {
      const reply = await send(batch.request(values), waiters);
      if (reply.status !== 200) {
        if (batch.feature) throwIfBatchWithheld(reply);
        return questions.map(() => resultOfErrorStatus(endpointRequest, reply));
      }
      if (batch.isUsable?.(reply.body, values) === false) return null;
      const share = { ...reply, etag: null, bytes: Math.ceil(reply.bytes / questions.length) };
      const read = (question: FetchRequest, i: number): FetchResult => {
        const part = batch.part(reply.body, i, values);
        return part === null ? { status: 'absent' } : decodeFound(question.endpointRequest, part, share);
      };
      return questions.map((question, i) => toResult(() => orBadResponse(() => read(question, i))));
    };
    return withinLimit(endpointRequest, ask, (answers) => answers ?? []);
  }

  function fetchIndividually(questions: readonly FetchRequest[]): Promise<FetchResult>[] {
    const answers = questions.map(fetchOne);
    void Promise.allSettled(answers).then((outcomes) => {
      // Where singles are forbidden as well, it was not the batch that is withheld.
      const allForbidden = outcomes.every(
        (outcome) => outcome.status === 'rejected' && outcome.reason instanceof UpstreamForbidden,
      );
      if (allForbidden) capabilities.reset('batch');
    });
    return answers;
  }

  const withinLimit = <T>(
    { limit }: EndpointRequest<unknown>,
    ask: () => Promise<T>,
    answersIn: (given: T) => readonly (FetchResult | GatewayError)[],
  ): Promise<T> => {
    if (!limit) return ask();
    const isGranted = (answer: FetchResult | GatewayError) =>
      !(answer instanceof GatewayError) && answer.status === 'found' && limit.isLimitHonoured(answer.value);
    return capabilities.withLimit(limit.endpoint, limit.items, limit.list, ask, (given) =>
      answersIn(given).some(isGranted),
    );
  };

  return (questions) => {
    const answers = new Map<FetchRequest, Promise<FetchResult>>();
    for (const group of groupByBatch(questions)) {
      const batch = group[0]?.endpointRequest.batch;
      const promises = batch && group.length > 1 ? fetchBatch(group, batch) : group.map(fetchOne);
      for (const [i, question] of group.entries()) answers.set(question, promises[i] as Promise<FetchResult>);
    }
    return questions.map((question) => answers.get(question) as Promise<FetchResult>);
  };
}

/** Those that may share a call, in groups no larger than one call takes. */
function groupByBatch(questions: readonly FetchRequest[]): FetchRequest[][] {
  const groups: FetchRequest[][] = [];
  const growing = new Map<string, FetchRequest[]>();
  for (const question of questions) {
    const { batch } = question.endpointRequest;
    const known = batch && growing.get(batch.key);
    if (known && known.length < batch.max) {
      known.push(question);
      continue;
    }
    const group = [question];
    groups.push(group);
    if (batch) growing.set(batch.key, group);
  }
  return groups;
}

/** @throws MalformedAnswer */
const decodeFound = (
  { decode }: EndpointRequest<unknown>,
  body: unknown,
  { etag, bytes }: Pick<HttpAnswer, 'etag' | 'bytes'>,
): FetchResult => ({ status: 'found', value: decode(body), body, etag, bytes });

/** @throws UpstreamBadResponse when the answer is not as documented */
function orBadResponse(read: () => FetchResult): FetchResult {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedAnswer)) throw error;
    throw new UpstreamBadResponse(`Spotify's answer is not as documented (${error.message}).`);
  }
}

/** One that failed alone is a rejection of its own, seen by whoever asked for it. */
function toPromise(answer: FetchResult | GatewayError): Promise<FetchResult> {
  const promise = answer instanceof GatewayError ? Promise.reject(answer) : Promise.resolve(answer);
  promise.catch(() => undefined); // the others are looked at first
  return promise;
}

function toResult(answer: () => FetchResult): FetchResult | GatewayError {
  try {
    return answer();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** What an answer other than 200 and a right 304 means. @throws GatewayError, LimitRefused, FeatureWithheld */
function resultOfErrorStatus(endpointRequest: EndpointRequest<unknown>, reply: HttpAnswer): FetchResult {
  if (endpointRequest.onErrorStatus(reply) === null) return { status: 'absent' };
  if (reply.status === 401) throw new UpstreamAuthFailed('Spotify wants a user for this, which we are not.');
  if (reply.status === 403) throw new UpstreamForbidden('Spotify forbids this app to read that.');
  throw new UpstreamBadResponse(`Spotify answered with status ${reply.status}.`);
}

/** An unknown id is null in a batch: a batch that is not found is a batch endpoint that is not there. */
function throwIfBatchWithheld(reply: HttpAnswer): void {
  if (reply.status === 404) throw new FeatureWithheld(true);
  throwIfWithheld(reply);
}
