import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startUpstream } from '../support/upstream.ts';
import { messageOf, tokenRequest, useSandbox } from './client.ts';

const client = useSandbox();
const { get, requestToken } = client;
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

describe('the token endpoint', () => {
  test('the token endpoint issues a bearer token for an hour, and no refresh token', async () => {
    const response = await requestToken();
    expect(response.status).toBe(200);
    expect(response.json).toEqual({
      access_token: expect.stringMatching(/^BQ[\w-]{80,}$/),
      token_type: 'Bearer',
      expires_in: 3600,
    });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toContain('no-store');
  });

  test('the token endpoint also accepts the credentials in the form', async () => {
    const { clientId, clientSecret } = client.sandbox;
    const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
    expect((await requestToken({ headers: form, body })).status).toBe(200);
  });

  test.each([
    ['a wrong secret', { authorization: basic('sandbox-client', 'x') }, 'Invalid client secret'],
    ['an unknown id', { authorization: basic('x', 'sandbox-secret') }, 'Invalid client'],
    ['no credentials', {}, undefined],
    ['credentials of another scheme than Basic', { authorization: 'Bearer x' }, undefined],
    ['empty credentials', { authorization: basic('', '') }, undefined],
  ])(
    'the token endpoint rejects %s with 400 and the text invalid_client in `error`',
    async (_, headers, description) => {
      const response = await requestToken({ headers: { ...form, ...headers } });
      expect(response.status).toBe(400);
      expect(response.json).toEqual({
        error: 'invalid_client',
        ...(description !== undefined && { error_description: description }),
      });
    },
  );

  test.each(['application/json', 'text/plain', ''])(
    'the token endpoint rejects a body of type %j with 415',
    async (type) => {
      const { headers } = tokenRequest(client.sandbox);
      const response = await requestToken({ headers: { ...headers, 'content-type': type }, body: '{}' });
      expect(response.status).toBe(415);
      expect(response.json).toEqual({ error: 'server_error', error_description: 'Unexpected status: 415' });
    },
  );

  test.each([
    ['', 'grant_type parameter is missing'],
    ['grant_type=password', 'grant_type must be client_credentials, authorization_code or refresh_token'],
  ])('the token endpoint rejects the form %j with 400 unsupported_grant_type', async (body, description) => {
    const response = await requestToken({ body });
    expect(response.status).toBe(400);
    expect(response.json).toEqual({ error: 'unsupported_grant_type', error_description: description });
  });
});

describe('the Web API', () => {
  const invalidToken = (message: string) =>
    `Bearer realm="spotify", error="invalid_token", error_description="${message}"`;

  test.each([
    ['no token', '', 401, 'No token provided', 'Bearer realm="spotify"'],
    ['an unknown token', 'Bearer x', 401, 'Invalid access token', invalidToken('Invalid access token')],
    ['another scheme', 'Basic eDp5', 400, 'Only valid bearer authentication supported', null],
    ['a scheme without a token', 'Bearer', 400, 'Only valid bearer authentication supported', null],
  ])('the Web API rejects a call with %s', async (_, authorization, status, message, challenge) => {
    const response = await get('/artists/x', { headers: { authorization } });
    expect([response.status, messageOf(response)]).toEqual([status, message]);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
  });

  test('the Web API rejects an expired token with the message that the token expired, and accepts a new token', async () => {
    const { artists } = client.sandbox.catalogue.fixtures;
    const headers = await client.authorize();
    expect((await get(`/artists/${artists.bts}`, { headers })).status).toBe(200);

    client.sandbox.expireTokens();
    const response = await get(`/artists/${artists.bts}`, { headers });
    expect([response.status, messageOf(response)]).toEqual([401, 'The access token expired']);
    expect(response.headers.get('www-authenticate')).toBe(invalidToken('The access token expired'));
    expect(response.headers.get('cache-control')).toBeNull();

    const fresh = await client.authorize();
    expect((await get(`/artists/${artists.bts}`, { headers: fresh })).status).toBe(200);
  });
});

test('a token expires at the end of its lifetime', async () => {
  const sandbox = await startUpstream({ tokenLifetimeSeconds: 0.2 });
  const response = await fetch(sandbox.tokenUrl, tokenRequest(sandbox));
  const { access_token: token, expires_in } = (await response.json()) as Record<string, unknown>;
  expect(expires_in).toBe(0.2);
  const headers = { authorization: `Bearer ${token}` };
  const read = () => fetch(`${sandbox.apiUrl}/search?q=x&type=artist`, { headers });
  expect((await read()).status).toBe(200);
  await sleep(250);
  expect((await read()).status).toBe(401);
});

test('the token endpoint accepts the credentials in the options of the sandbox, and no other credentials', async () => {
  const sandbox = await startUpstream({ clientId: 'me', clientSecret: 'mine' });
  expect((await fetch(sandbox.tokenUrl, tokenRequest(sandbox))).status).toBe(200);
  expect((await fetch(sandbox.tokenUrl, tokenRequest(client.sandbox))).status).toBe(400);
});
