import { GatewayError, UpstreamAuthFailed, UpstreamBadResponse, UpstreamForbidden } from '../../../errors.ts';
import { type Access, FeatureWithheld } from '../capabilities/capabilities.ts';
import { type Batch, type Resource, throwIfWithheld } from '../kinds/endpoint-request.ts';
import { MalformedAnswer } from '../kinds/json.ts';
import type { ApiClient } from '../transport/api-client.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { createWaiters, type FieldContext } from '../usage/field-context.ts';

/** One question, who waits for its answer (more may come), and the tag of the copy that is held, if any. */
export interface Question {
  resource: Resource<unknown>;
  fieldContexts: readonly FieldContext[];
  etag: string | null;
}

export type Answer =
  /** The value, and the JSON that it was decoded from. */
  | { is: 'found'; value: unknown; body: unknown; etag: string | null; bytes: number }
  | { is: 'absent' }
  /** The copy that is held is still right. */
  | { is: 'unchanged' };

/**
 * Asks Spotify with as few calls as the app's abilities allow for the questions of one tick.
 * @returns one promise a question, so that none waits for a slower one
 */
export type Fetches = (questions: readonly Question[]) => Promise<Answer>[];

export function createFetches(apiClient: ApiClient, access: Access): Fetches {
  const send: ApiClient['request'] = async (...request) => {
    const reply = await apiClient.request(...request);
    if (reply.status === 200 || reply.status === 304) access.recordSuccess();
    return reply;
  };

  /** One call for one question. */
  function alone({ resource, fieldContexts, etag }: Question): Promise<Answer> {
    const waiters = createWaiters(() => fieldContexts.map(({ operation }) => operation));
    const ask = async (): Promise<Answer> => {
      const reply = await send(resource.request, waiters, etag);
      if (reply.status === 304 && etag !== null) return { is: 'unchanged' };
      if (reply.status !== 200) return refusal(resource, reply);
      return documented(() => found(resource, reply.body, reply));
    };
    return withinLimit(resource, ask, (answer) => [answer]);
  }

  /** One call for all of them; where the app may not do that, or the response does not fit, one for each. */
  function together(questions: readonly Question[], batch: Batch): Promise<Answer>[] {
    const ask = () => askTogether(questions, batch);
    const objects = questions.map(({ resource }) => resource.key).join();
    const answers = batch.feature ? access.withFeature(batch.feature, objects, ask) : ask();
    const landed = answers.then((all) => all?.map(settled) ?? eachAlone(questions));
    return questions.map(async (_, i) => (await landed)[i] as Promise<Answer>);
  }

  async function askTogether(
    questions: readonly Question[],
    batch: Batch,
  ): Promise<(Answer | GatewayError)[] | null> {
    const [{ resource }] = questions as [Question];
    const values = questions.map((question) => question.resource.batchValue ?? '');
    const waiters = createWaiters(() =>
      questions.flatMap(({ fieldContexts }) => fieldContexts.map(({ operation }) => operation)),
    );
    const ask = async (): Promise<(Answer | GatewayError)[] | null> => {
      const reply = await send(batch.request(values), waiters);
      if (reply.status !== 200) {
        if (batch.feature) throwIfBatchWithheld(reply);
        return questions.map(() => refusal(resource, reply));
      }
      if (batch.isUsable?.(reply.body, values) === false) return null;
      const share = { ...reply, etag: null, bytes: Math.ceil(reply.bytes / questions.length) };
      const read = (question: Question, i: number): Answer => {
        const part = batch.part(reply.body, i, values);
        return part === null ? { is: 'absent' } : found(question.resource, part, share);
      };
      return questions.map((question, i) => settle(() => documented(() => read(question, i))));
    };
    return withinLimit(resource, ask, (answers) => answers ?? []);
  }

  function eachAlone(questions: readonly Question[]): Promise<Answer>[] {
    const answers = questions.map(alone);
    void Promise.allSettled(answers).then((outcomes) => {
      // Where singles are forbidden as well, it was not the batch that is withheld.
      const allForbidden = outcomes.every(
        (outcome) => outcome.status === 'rejected' && outcome.reason instanceof UpstreamForbidden,
      );
      if (allForbidden) access.forget('batch');
    });
    return answers;
  }

  const withinLimit = <T>(
    { limit }: Resource<unknown>,
    ask: () => Promise<T>,
    answersIn: (given: T) => readonly (Answer | GatewayError)[],
  ): Promise<T> => {
    if (!limit) return ask();
    const isGranted = (answer: Answer | GatewayError) =>
      !(answer instanceof GatewayError) && answer.is === 'found' && limit.isGranted(answer.value);
    return access.withLimit(limit.endpoint, limit.items, limit.list, ask, (given) =>
      answersIn(given).some(isGranted),
    );
  };

  return (questions) => {
    const answers = new Map<Question, Promise<Answer>>();
    for (const group of inBatches(questions)) {
      const batch = group[0]?.resource.batch;
      const promises = batch && group.length > 1 ? together(group, batch) : group.map(alone);
      for (const [i, question] of group.entries()) answers.set(question, promises[i] as Promise<Answer>);
    }
    return questions.map((question) => answers.get(question) as Promise<Answer>);
  };
}

/** Those that may share a call, in groups no larger than one call takes. */
function inBatches(questions: readonly Question[]): Question[][] {
  const groups: Question[][] = [];
  const growing = new Map<string, Question[]>();
  for (const question of questions) {
    const { batch } = question.resource;
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
const found = (
  { decode }: Resource<unknown>,
  body: unknown,
  { etag, bytes }: Pick<HttpAnswer, 'etag' | 'bytes'>,
): Answer => ({ is: 'found', value: decode(body), body, etag, bytes });

/** @throws UpstreamBadResponse when the answer is not as documented */
function documented(read: () => Answer): Answer {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedAnswer)) throw error;
    throw new UpstreamBadResponse(`Spotify's answer is not as documented (${error.message}).`);
  }
}

/** One that failed alone is a rejection of its own, seen by whoever asked for it. */
function settled(answer: Answer | GatewayError): Promise<Answer> {
  const promise = answer instanceof GatewayError ? Promise.reject(answer) : Promise.resolve(answer);
  promise.catch(() => undefined); // the others are looked at first
  return promise;
}

function settle(answer: () => Answer): Answer | GatewayError {
  try {
    return answer();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** What an answer other than 200 and a right 304 means. @throws GatewayError, LimitRefused, FeatureWithheld */
function refusal(resource: Resource<unknown>, reply: HttpAnswer): Answer {
  if (resource.refused(reply) === null) return { is: 'absent' };
  if (reply.status === 401) throw new UpstreamAuthFailed('Spotify wants a user for this, which we are not.');
  if (reply.status === 403) throw new UpstreamForbidden('Spotify forbids this app to read that.');
  throw new UpstreamBadResponse(`Spotify answered with status ${reply.status}.`);
}

/** An unknown id is null in a batch: a batch that is not found is a batch endpoint that is not there. */
function throwIfBatchWithheld(reply: HttpAnswer): void {
  if (reply.status === 404) throw new FeatureWithheld(true);
  throwIfWithheld(reply);
}
