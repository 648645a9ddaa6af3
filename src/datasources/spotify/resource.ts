import { type Feature, FeatureWithheld, LimitRefused, type PagedEndpoint } from './access.ts';
import type { ApiRequest } from './call.ts';
import { type HttpAnswer, messageOf } from './http.ts';
import type { Kind, SpotifyId } from './ids.ts';
import type { Market } from './markets.ts';
import type { Part } from './objects.ts';

/** One question to Spotify, and how to understand the answer. */
export interface Resource<T> {
  /** Names the answer in every cache: equal keys are equal questions. */
  key: string;
  request: ApiRequest;
  /** @throws MalformedAnswer */
  decode(body: unknown): T;
  /**
   * What an answer other than 200 and 304 means: null for absent, undefined for nothing in particular.
   * @throws LimitRefused, FeatureWithheld
   */
  refused(answer: HttpAnswer): null | undefined;
  /** With which others it may share one call, and what it is called among them. */
  batch?: Batch;
  batchValue?: string;
  /** The page size it asks for. */
  limit?: { endpoint: PagedEndpoint; items: number; isGranted(value: T): boolean };
  /** False where a part of the value cannot be read, and so is to be asked for again when it is wanted again. */
  isWhole?(value: T): boolean;
  /** The value as Spotify gave or confirmed it at a time, in milliseconds of the epoch. */
  confirmed?(value: T, atMs: number): T;
  /** What comes along with the answer and need not be asked for any more. */
  brings(value: T): Iterable<Part>;
  /** The object that it asks for, where that is one. */
  names?: ObjectName;
}

export interface ObjectName {
  kind: Kind;
  id: SpotifyId;
  /** Null for none, as for every artist. */
  market: Market | null;
}

/** Questions that one call can answer together. */
export interface Batch {
  key: string;
  /** Most questions of one call. */
  max: number;
  /** What the app must be allowed to do for it. */
  feature?: Feature;
  request(values: readonly string[]): ApiRequest;
  /** False where the response does not fit the questions: then each is asked alone. */
  isUsable?(body: unknown, values: readonly string[]): boolean;
  /**
   * What the question at `index` would have been answered alone, for its resource to decode; null where there is no such
   * thing. @throws MalformedAnswer
   */
  part(body: unknown, index: number, values: readonly string[]): unknown;
}

const notFound = /^(service )?not found\.?$/i; // of a withdrawn route; of an unknown id it names the id

/** @throws FeatureWithheld when the answer says that the app may not use the endpoint, whatever it asks for */
export function throwIfWithheld({ status, body }: HttpAnswer): void {
  const words = wordsOf(body);
  // A lapsed subscription answers 403 too, everywhere; its words tell it from a removed endpoint.
  const forbidden = status === 403 && (words === null || /^forbidden\.?$/i.test(words));
  const message = messageOf(body);
  const gone = status === 410 || (status === 404 && (message === null || notFound.test(message)));
  if (forbidden || gone) throw new FeatureWithheld();
}

/** @throws LimitRefused when the answer says that the page is too large */
export function throwIfLimitRefused({ status, body }: HttpAnswer): void {
  const words = wordsOf(body);
  // Sometimes the refusal comes without a word (stiefenm/spoton#118).
  if (status === 400 && (words === null || /invalid limit/i.test(words))) throw new LimitRefused();
}

/** Spotify's message, or what it says without JSON; null where it says nothing. */
const wordsOf = (body: unknown): string | null =>
  messageOf(body) ?? (typeof body === 'string' ? body.trim() : null);

export const absentOn404 = ({ status }: HttpAnswer): null | undefined => (status === 404 ? null : undefined);
