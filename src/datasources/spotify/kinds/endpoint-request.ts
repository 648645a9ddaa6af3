import { FeatureWithheld, LimitRejected } from '../capabilities/rejection-errors.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import type { ApiRequest } from '../transport/api-client.ts';
import { type HttpAnswer, messageOf } from '../transport/http.ts';
import type { Entity } from './kind.ts';
import type { Market } from './markets.ts';
import type { SpotifyId } from './spotify-id.ts';

/** What comes with an answer: an object, or a list of them that nobody has read yet. */
export type Part = Entity | LazyItems<Entity>;

/** One question to Spotify, and how to understand the answer. */
export interface Resource<T> {
  /** Names the answer in every cache: equal keys are equal questions. */
  key: string;
  request: ApiRequest;
  /** @throws MalformedAnswer */
  decode(body: unknown): T;
  /**
   * What an answer other than 200 and 304 means: null for absent, undefined for nothing in particular.
   * @throws LimitRejected, FeatureWithheld
   */
  refused(answer: HttpAnswer): null | undefined;
  /** With which others it may share one call, and what it is called among them. */
  batch?: Batch;
  batchValue?: string;
  /** The page size that it requests, and the list to which the page belongs. */
  limit?: { endpoint: string; list: string; items: number; isGranted(value: T): boolean };
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
  kind: string;
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
  feature?: string;
  request(values: readonly string[]): ApiRequest;
  /** False where the response does not fit the questions: then each is asked alone. */
  isUsable?(body: unknown, values: readonly string[]): boolean;
  /**
   * What the question at `index` would have been answered alone, for its resource to decode; null where there is no such
   * thing. @throws MalformedAnswer
   */
  part(body: unknown, index: number, values: readonly string[]): unknown;
}

const withdrawn = /^(forbidden|(service )?not found)\.?$/i; // a 404 about an unknown id names the id

/**
 * @throws FeatureWithheld if the response says that the app may not use the endpoint, whatever it requests. A 403 with
 * another message has another cause, such as a lapsed subscription, and a 403 without JSON was sent by Spotify's edge
 */
export function throwIfWithheld({ status, body }: HttpAnswer): void {
  const message = messageOf(body);
  const words = message ?? (typeof body === 'string' ? body.trim() : null);
  const isExplicit = words !== null && withdrawn.test(words);
  if (status === 410 || ((status === 403 || status === 404) && isExplicit)) throw new FeatureWithheld(true);
  if (status === 403 && words === null && isErrorObject(body)) throw new FeatureWithheld(false);
}

/** Whether the body is Spotify's error object, though it may have no message. */
const isErrorObject = (body: unknown): boolean =>
  typeof (body as { error?: unknown } | null | undefined)?.error === 'object';

/** @throws LimitRejected if the response says that the page is too large */
export function throwIfLimitRejected({ status, body }: HttpAnswer): void {
  const words = messageOf(body) ?? (typeof body === 'string' ? body.trim() : '');
  const isExplicit = /invalid limit/i.test(words);
  // Sometimes the rejection has no words (stiefenm/spoton#118).
  if (status === 400 && (isExplicit || words === '')) throw new LimitRejected(isExplicit);
}

export const absentOn404 = ({ status }: HttpAnswer): null | undefined => (status === 404 ? null : undefined);
