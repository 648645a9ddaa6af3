import type { IncomingHttpHeaders } from 'node:http';
import { ErrorResponse, type Reply } from './reply.ts';
import type { Tokens } from './tokens.ts';

export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** A call of the token endpoint. */
export interface TokenRequest {
  method: string;
  headers: Readonly<IncomingHttpHeaders>;
  body: string;
}

const headers = {
  'cache-control': 'no-cache, no-store, must-revalidate',
  'content-type': 'application/json',
};

// Unlike the Web API, the token endpoint has a string in `error`, not an object.
const errorResponse = (status: number, error: string, description?: string) =>
  new ErrorResponse(
    status,
    JSON.stringify({ error, ...(description !== undefined && { error_description: description }) }),
    headers,
  );

/** Creates the token endpoint. It supports the client credentials grant only. */
export function createTokenEndpoint(acceptedCredentials: Credentials, tokens: Tokens) {
  return ({ method, headers: requestHeaders, body }: TokenRequest): Reply => {
    try {
      if (method !== 'POST') throw errorResponse(405, 'server_error', 'Unexpected status: 405');
      // web-api#321
      if (!isForm(requestHeaders['content-type']))
        throw errorResponse(415, 'server_error', 'Unexpected status: 415');
      const form = new URLSearchParams(body);
      checkCredentials(readBasic(requestHeaders.authorization) ?? readForm(form), acceptedCredentials);
      checkGrant(form.get('grant_type'));
      const token = {
        access_token: tokens.issue(),
        token_type: 'Bearer',
        expires_in: tokens.lifetimeSeconds,
      };
      return { status: 200, headers, body: Buffer.from(JSON.stringify(token)) };
    } catch (error) {
      if (error instanceof ErrorResponse) return error.reply;
      throw error;
    }
  };
}

const isForm = (contentType = '') =>
  contentType.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';

function checkCredentials(sentCredentials: Credentials | undefined, acceptedCredentials: Credentials): void {
  if (!sentCredentials?.clientId) throw errorResponse(400, 'invalid_client');
  if (sentCredentials.clientId !== acceptedCredentials.clientId)
    throw errorResponse(400, 'invalid_client', 'Invalid client');
  // 400, not 401: measured 2026-09-30.
  if (sentCredentials.clientSecret !== acceptedCredentials.clientSecret)
    throw errorResponse(400, 'invalid_client', 'Invalid client secret');
}

function checkGrant(grant: string | null): void {
  if (grant === null) throw errorResponse(400, 'unsupported_grant_type', 'grant_type parameter is missing');
  if (grant !== 'client_credentials') {
    const description = 'grant_type must be client_credentials, authorization_code or refresh_token';
    throw errorResponse(400, 'unsupported_grant_type', description);
  }
}

function readBasic(authorization = ''): Credentials | undefined {
  const [, encodedCredentials] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  if (encodedCredentials === undefined) return undefined;
  const text = Buffer.from(encodedCredentials, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}

/** Spotify's own first tutorial sends the credentials in the form. */
function readForm(form: URLSearchParams): Credentials {
  return { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
}
