import { ErrorResponse, failureHeaders, unauthorizedHeaders } from '../reply.ts';

// The texts are Spotify's own, as reported or measured; clients compare them.

const errorBody = (status: number, message: string) =>
  JSON.stringify({ error: { status, message } }, null, 2);

/** An error response of the Web API. */
export const errorResponse = (status: number, message: string) =>
  new ErrorResponse(status, errorBody(status, message), failureHeaders);

const unauthorized = (message: string, challenge: string) =>
  new ErrorResponse(401, errorBody(401, message), {
    ...unauthorizedHeaders,
    'www-authenticate': `Bearer realm="spotify"${challenge}`,
  });

const invalidToken = (message: string) =>
  unauthorized(message, `, error="invalid_token", error_description="${message}"`);

export const noToken = () => unauthorized('No token provided', '');
export const tokenExpired = () => invalidToken('The access token expired');
export const tokenUnknown = () => invalidToken('Invalid access token');
/** spotify/web-api#1191 */
export const noBearer = () => errorResponse(400, 'Only valid bearer authentication supported');
/** The endpoint needs a user token, and the request has an app token. A new token does not help. */
export const userNeeded = () => unauthorized('Valid user authentication required', '');

/** The response of an endpoint that the app may not use; the spacing is Spotify's. */
export const forbidden = () =>
  new ErrorResponse(403, '{"error": {"status": 403, "message": "Forbidden" } }', failureHeaders);
/** The error for `market=from_token` if the token belongs to no user (web-api#1451). */
export const noUserMarket = () => errorResponse(403, 'Insufficient client scope');

export const invalidMarket = () => errorResponse(400, 'Invalid market code');
/** The official client notes that the market is needed although the documentation calls it optional. */
export const noMarket = () => errorResponse(400, 'missing country parameter');
export const invalidId = () => errorResponse(400, 'Invalid base62 id');
export const tooManyIds = () => errorResponse(400, 'too many ids requested');
export const invalidLimit = () => errorResponse(400, 'Invalid limit');
export const invalidOffset = () => errorResponse(400, 'Invalid offset');
export const invalidGroups = () => errorResponse(400, 'Invalid include_groups');

export const noQuery = () => errorResponse(400, 'No search query');
/** Measured: 250 characters pass, 251 do not. */
export const queryTooLong = (maxCharacters: number) =>
  errorResponse(400, `Query exceeds maximum length of ${maxCharacters} characters`);
export const noSearchType = () => errorResponse(400, 'Missing parameter type');
export const badSearchType = (type: string) => errorResponse(400, `Bad search type field ${type}`);
/** spotipy#868 */
export const beyondSearch = () => errorResponse(400, 'Bad request.');

export const unknownArtist = () => resourceNotFound();
export const unknownAlbum = (id: string) => errorResponse(404, `Non existing id: 'spotify:album:${id}'`);
export const unknownTrack = (id: string) => errorResponse(404, `Non existing id: 'spotify:track:${id}'`);
export const unknownShow = (id: string) => errorResponse(404, `Non existing id: 'spotify:show:${id}'`);
export const unknownEpisode = (id: string) => errorResponse(404, `Non existing id: 'spotify:episode:${id}'`);
/** The response for an unknown artist, playlist, user or category. */
export const resourceNotFound = () => errorResponse(404, 'Resource not found');
/** A route that Spotify took away (Lidify#24). */
export const withdrawnRoute = () => errorResponse(404, 'Not Found');
export const unknownRoute = () => errorResponse(404, 'Service not found');
/** Seen in live tests of 2014 and 2015; the text is not on record. */
export const wrongMethod = () => errorResponse(405, 'Method Not Allowed');
