import {
  BadUserInput,
  type ErrorCode,
  GatewayError,
  onlyGatewayError,
  UpstreamAuthFailed,
  UpstreamBadResponse,
  UpstreamForbidden,
  UpstreamQuotaExceeded,
} from '../../../errors.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { MalformedResponse } from '../kinds/decoding/json.ts';
import { type EndpointRequest, FeatureWithheld } from '../kinds/requests/endpoint-request.ts';
import type { HttpResponse } from '../transport/http.ts';
import { messageOf } from '../transport/response-meaning.ts';

/** The meaning of Spotify's response for one request. */
export type DecodedResponse =
  /** The value, and the JSON that it was decoded from. */
  | { status: 'found'; value: unknown; body: unknown; etag: string | null; bytes: number }
  | { status: 'absent' }
  /** The cached entry is still correct. */
  | { status: 'unchanged' };

/** The result of one request of a batch, whose failure leaves the others. */
export type BatchResult = DecodedResponse | GatewayError;

/** @throws UpstreamBadResponse if the response is not as documented */
export function decodeFound(
  { decode, meansAbsent }: EndpointRequest,
  body: unknown,
  { etag, bytes }: Pick<HttpResponse, 'etag' | 'bytes'>,
): DecodedResponse {
  if (meansAbsent?.(body)) return { status: 'absent' };
  return { status: 'found', value: orBadResponse(() => decode(body)), body, etag, bytes };
}

/** @throws UpstreamBadResponse instead of MalformedResponse */
function orBadResponse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedResponse)) throw error;
    throw new UpstreamBadResponse(`Spotify's response is not as documented (${error.message}).`);
  }
}

/** @param partOf takes the JSON of this request from the response; null if Spotify has no such object */
export function batchResult(
  endpointRequest: EndpointRequest,
  partOf: () => unknown,
  response: Pick<HttpResponse, 'etag' | 'bytes'>,
): BatchResult {
  try {
    const part = orBadResponse(partOf);
    return part === null ? { status: 'absent' } : decodeFound(endpointRequest, part, response);
  } catch (error) {
    return onlyGatewayError(error);
  }
}

/** Whether Spotify rejects the market, such as an ISO code that it does not know. */
const isMarketRejected = ({ status, body }: HttpResponse): boolean =>
  status === 400 && /market/i.test(messageOf(body) ?? '');

/** Spotify's limits for a search text are not documented and have changed (spotipy#845). */
const isSearchTextRejected = ({ status, body }: HttpResponse): boolean =>
  status === 400 && /^(no search query|query exceeds)/i.test(messageOf(body) ?? '');

/** Spotify rejects a whole batch with 400 if one id is malformed, or if it takes fewer ids; an invalid market concerns all. */
export const isAboutIds = (response: HttpResponse): boolean =>
  response.status === 400 && !isMarketRejected(response);

/** Spotify rejects a whole search with 400 `Bad search type field …` if it does not search for one of the kinds. */
export const isAboutSearchType = ({ status, body }: HttpResponse): boolean =>
  status === 400 && /\btype\b/i.test(messageOf(body) ?? '');

/** Whether Spotify has rejected the request, or its response was not as documented. */
export const isRejection = (outcome: PromiseSettledResult<unknown>): boolean =>
  outcome.status === 'rejected' &&
  (outcome.reason instanceof UpstreamForbidden || outcome.reason instanceof UpstreamBadResponse);

/** The result of a response other than 200 and 304. @throws GatewayError, LimitRejected, FeatureWithheld */
export function resultOfErrorStatus(
  endpointRequest: EndpointRequest,
  response: HttpResponse,
): DecodedResponse {
  if (endpointRequest.onErrorStatus(response) === null) return { status: 'absent' };
  if (response.status === 401)
    throw new UpstreamAuthFailed('This endpoint needs a user token; the gateway has an app token.');
  if (response.status === 403)
    throw new UpstreamForbidden('Spotify does not allow this app to read this resource.');
  if (isMarketRejected(response)) throw new BadUserInput('Spotify accepts no such market.');
  if (isSearchTextRejected(response)) throw new BadUserInput('Spotify accepts no such search text.');
  throw new UpstreamBadResponse(`Spotify responded with status ${response.status}.`);
}

/**
 * Why a stale entry replaces a response after this error, as `extensions.spotify.stale` states it; null if the error stands.
 * A rejection of a feature that is still known to work may be a passing fault.
 * @param quota what is left of the calls of the endpoint family
 */
export function staleReason(
  error: unknown,
  { feature }: Pick<EndpointRequest, 'feature'>,
  quota: { remaining: number },
  capabilities: Pick<Capabilities, 'values'>,
): ErrorCode | 'QUOTA' | null {
  if (error instanceof UpstreamQuotaExceeded && quota.remaining < 1) return 'QUOTA';
  if (error instanceof GatewayError) return error.code;
  const isDoubtful =
    error instanceof FeatureWithheld && feature && capabilities.values()[feature.name] === true;
  return isDoubtful ? 'UPSTREAM_FORBIDDEN' : null;
}
