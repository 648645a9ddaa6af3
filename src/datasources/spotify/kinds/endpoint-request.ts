import { FeatureWithheld, LimitRejected } from '../capabilities/rejection-errors.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import type { ApiRequest } from '../transport/api-client.ts';
import { type HttpAnswer, messageOf } from '../transport/http.ts';
import type { Entity } from './kind.ts';
import type { Market } from './markets.ts';
import type { SpotifyId } from './spotify-id.ts';

/** A part of a response: an object, or a list whose items are not decoded yet. */
export type EmbeddedObject = Entity | LazyItems<Entity>;

/** One request to Spotify, and how its response is read. */
export interface EndpointRequest<T> {
  /** The key of the response in every cache: equal keys are equal requests. */
  key: string;
  request: ApiRequest;
  /** How long the value is fresh in the cache, in milliseconds. */
  freshMs: number;
  /** @throws MalformedAnswer */
  decode(body: unknown): T;
  /**
   * The meaning of a status other than 200 and 304: null for absent, undefined for a failure.
   * @throws LimitRejected, FeatureWithheld
   */
  onErrorStatus(answer: HttpAnswer): null | undefined;
  /** How this request joins a batch call, and its key inside that batch. */
  batch?: Batch;
  batchKey?: string;
  /** The page size that it requests, and the list to which the page belongs. */
  limit?: { endpoint: string; list: string; items: number; isLimitHonoured(value: T): boolean };
  /** False if a part of the value is not as documented, so that the next reader requests it again. */
  isWhole?(value: T): boolean;
  /** The value after Spotify sent or confirmed it at a time, in milliseconds of the epoch. */
  onNotModified?(value: T, atMs: number): T;
  /** The objects in the value, which need no request of their own any more. */
  embeddedObjects(value: T): Iterable<EmbeddedObject>;
  /** The requested object, if the request is for a single one. */
  entityKey?: EntityKey;
}

export interface EntityKey {
  kind: string;
  id: SpotifyId;
  /** Null for none, as for every artist. */
  market: Market | null;
}

/** How several requests share one call. */
export interface Batch {
  key: string;
  /** Most requests of one call. */
  max: number;
  /** The capability that the app needs for it. */
  feature?: string;
  request(values: readonly string[]): ApiRequest;
  /** False if the response does not match the requests: then each is sent by itself. */
  isUsable?(body: unknown, values: readonly string[]): boolean;
  /**
   * The JSON that the request at `index` would have got by itself; null if Spotify has no such object.
   * @throws MalformedAnswer
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
