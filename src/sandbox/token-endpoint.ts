import type { IncomingHttpHeaders } from 'node:http';
import { Refusal, type Reply } from './reply.ts';
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
const refusal = (status: number, error: string, description?: string) =>
  new Refusal(
    status,
    JSON.stringify({ error, ...(description !== undefined && { error_description: description }) }),
    headers,
  );

/** Creates the token endpoint. It supports the client credentials grant only. */
export function createTokenEndpoint(accepted: Credentials, tokens: Tokens) {
  return ({ method, headers: sent, body }: TokenRequest): Reply => {
    try {
      if (method !== 'POST') throw refusal(405, 'server_error', 'Unexpected status: 405');
      // web-api#321
      if (!isForm(sent['content-type'])) throw refusal(415, 'server_error', 'Unexpected status: 415');
      const form = new URLSearchParams(body);
      checkCredentials(readBasic(sent.authorization) ?? readForm(form), accepted);
      checkGrant(form.get('grant_type'));
      const token = {
        access_token: tokens.issue(),
        token_type: 'Bearer',
        expires_in: tokens.lifetimeSeconds,
      };
      return { status: 200, headers, body: Buffer.from(JSON.stringify(token)) };
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      throw error;
    }
  };
}

const isForm = (contentType = '') =>
  contentType.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';

function checkCredentials(given: Credentials | undefined, accepted: Credentials): void {
  if (!given?.clientId) throw refusal(400, 'invalid_client');
  if (given.clientId !== accepted.clientId) throw refusal(400, 'invalid_client', 'Invalid client');
  // 400, not 401: measured 2026-09-30.
  if (given.clientSecret !== accepted.clientSecret)
    throw refusal(400, 'invalid_client', 'Invalid client secret');
}

function checkGrant(grant: string | null): void {
  if (grant === null) throw refusal(400, 'unsupported_grant_type', 'grant_type parameter is missing');
  if (grant !== 'client_credentials') {
    const known = 'grant_type must be client_credentials, authorization_code or refresh_token';
    throw refusal(400, 'unsupported_grant_type', known);
  }
}

function readBasic(authorization = ''): Credentials | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}

/** Spotify's own first tutorial sends the credentials in the form. */
function readForm(form: URLSearchParams): Credentials {
  return { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
}
