import { propertyOf } from '../../../../json.ts';
import type { HttpResponse } from '../../transport/http.ts';
import { isPlainNotFound, isUnexplained404, messageOf } from '../../transport/response-meaning.ts';
import { FeatureWithheld, LimitRejected } from './endpoint-request.ts';

/** The responses that show that Spotify withholds an endpoint from the app, or takes only smaller pages. */

const withdrawn = /^(forbidden|(service )?not found)\.?$/i; // a 404 about an unknown id names the id

/**
 * @throws FeatureWithheld if the response states that the app may not use the endpoint at all. A 403 with
 * another message has another cause, such as a lapsed subscription, and a 403 without JSON was sent by Spotify's edge
 */
export function throwIfWithheld(response: HttpResponse): void {
  const { status, body } = response;
  if (isWithdrawn(response)) throw new FeatureWithheld({ isExplicit: true });
  if (status === 403 && textOf(body) === null && isErrorObject(body))
    throw new FeatureWithheld({ isExplicit: false });
}

/**
 * An unknown id is null in a batch, so a 403 or a 404 concerns the batch endpoint.
 * @throws FeatureWithheld
 */
export function throwIfBatchWithheld(response: HttpResponse): void {
  const { status, body } = response;
  if (status !== 403 && status !== 404 && status !== 410) return;
  const isExplicit = isWithdrawn(response) || (status === 404 && !isUnexplained404(response));
  throw new FeatureWithheld({ isExplicit, isFromEdge: !isErrorObject(body) });
}

/** Whether the status or the text of the response states that the app may not use the endpoint. */
function isWithdrawn(response: HttpResponse): boolean {
  const { status, body } = response;
  const isStated = isPlainNotFound(response) || withdrawn.test(textOf(body) ?? '');
  return status === 410 || ((status === 403 || status === 404) && isStated);
}

const textOf = (body: unknown): string | null =>
  messageOf(body) ?? (typeof body === 'string' ? body.trim() : null);

/** Whether the body is an error of Spotify's API, though it may have no message. */
const isErrorObject = (body: unknown): boolean => {
  const error = propertyOf(body, 'error');
  return typeof error === 'object' && error !== null;
};

/**
 * @throws FeatureWithheld also if the response states that the contents need the token of a user, or if Spotify's edge
 * rejects the call without a message, as it does for every app token (stiefenm/spoton#119)
 */
export function throwIfContentsWithheld(response: HttpResponse): void {
  const { status, body } = response;
  throwIfWithheld(response);
  if (status === 401) throw new FeatureWithheld({ isExplicit: true });
  if (status === 403 && messageOf(body) === null) throw new FeatureWithheld({ isExplicit: false });
}

/** @throws LimitRejected if the response states that the page is too large */
export function throwIfLimitRejected({ status, body }: HttpResponse): void {
  const words = textOf(body) ?? '';
  const isExplicit = /invalid limit/i.test(words);
  // Sometimes the rejection has no message (stiefenm/spoton#118).
  if (status === 400 && (isExplicit || words === '')) throw new LimitRejected({ isExplicit });
}
