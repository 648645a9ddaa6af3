import { failureHeaders, Refusal, unauthorizedHeaders } from '../reply.ts';

// The texts are Spotify's own, as reported or measured; clients compare them.

const errorBody = (status: number, message: string) =>
  JSON.stringify({ error: { status, message } }, null, 2);

const refusal = (status: number, message: string) =>
  new Refusal(status, errorBody(status, message), failureHeaders);

const unauthorized = (message: string, challenge: string) =>
  new Refusal(401, errorBody(401, message), {
    ...unauthorizedHeaders,
    'www-authenticate': `Bearer realm="spotify"${challenge}`,
  });

const invalidToken = (message: string) =>
  unauthorized(message, `, error="invalid_token", error_description="${message}"`);

export const noToken = () => unauthorized('No token provided', '');
export const tokenExpired = () => invalidToken('The access token expired');
export const tokenUnknown = () => invalidToken('Invalid access token');
/** spotify/web-api#1191 */
export const noBearer = () => refusal(400, 'Only valid bearer authentication supported');
/** The endpoint needs a user token, and the request has an app token. A new token does not help. */
export const userNeeded = () => unauthorized('Valid user authentication required', '');

/** The response of an endpoint that the app may not use; the spacing is Spotify's. */
export const forbidden = () =>
  new Refusal(403, '{"error": {"status": 403, "message": "Forbidden" } }', failureHeaders);
/** The error for `market=from_token` if the token belongs to no user (web-api#1451). */
export const noUserMarket = () => refusal(403, 'Insufficient client scope');

export const invalidMarket = () => refusal(400, 'Invalid market code');
/** The official client notes that the market is needed although the documentation calls it optional. */
export const noMarket = () => refusal(400, 'missing country parameter');
export const invalidId = () => refusal(400, 'Invalid base62 id');
export const tooManyIds = () => refusal(400, 'too many ids requested');
export const invalidLimit = () => refusal(400, 'Invalid limit');
export const invalidOffset = () => refusal(400, 'Invalid offset');
export const invalidGroups = () => refusal(400, 'Invalid include_groups');

export const noQuery = () => refusal(400, 'No search query');
/** Measured: 250 characters pass, 251 do not. */
export const queryTooLong = (most: number) =>
  refusal(400, `Query exceeds maximum length of ${most} characters`);
export const noSearchType = () => refusal(400, 'Missing parameter type');
export const badSearchType = (type: string) => refusal(400, `Bad search type field ${type}`);
/** spotipy#868 */
export const beyondSearch = () => refusal(400, 'Bad request.');

export const unknownArtist = () => resourceNotFound();
export const unknownAlbum = (id: string) => refusal(404, `Non existing id: 'spotify:album:${id}'`);
export const unknownTrack = (id: string) => refusal(404, `Non existing id: 'spotify:track:${id}'`);
export const unknownShow = (id: string) => refusal(404, `Non existing id: 'spotify:show:${id}'`);
export const unknownEpisode = (id: string) => refusal(404, `Non existing id: 'spotify:episode:${id}'`);
/** The response for an unknown artist, playlist, user or category. */
export const resourceNotFound = () => refusal(404, 'Resource not found');
/** A route that Spotify took away (Lidify#24). */
export const withdrawnRoute = () => refusal(404, 'Not Found');
export const unknownRoute = () => refusal(404, 'Service not found');
/** Seen in live tests of 2014 and 2015; the text is not on record. */
export const wrongMethod = () => refusal(405, 'Method Not Allowed');
