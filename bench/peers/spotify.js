/** Spotify's URLs for every peer, and the token, which each peer fetches once. */

const { SPOTIFY_API_URL, SPOTIFY_TOKEN_URL, SPOTIFY_QUOTA_MODE } = process.env;
const { SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET } = process.env;

export const apiUrl = SPOTIFY_API_URL;
export const isExtended = SPOTIFY_QUOTA_MODE === 'extended';
export const port = Number(process.env.PORT ?? 0);

let token;

/** The value of the authorization header. */
export function authorization() {
  token ??= fetchToken();
  return token;
}

async function fetchToken() {
  const response = await fetch(SPOTIFY_TOKEN_URL, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${SPOTIFY_CLIENT_ID}:${SPOTIFY_CLIENT_SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: value } = await response.json();
  return `Bearer ${value}`;
}

export const say = (boundPort) => process.stdout.write(`http://127.0.0.1:${boundPort}/graphql\n`);
