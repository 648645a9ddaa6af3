import { once } from 'node:events';
import { readCertificate } from './certificate.js';
import { createLink } from './link.js';
import { createUpstream, credentials } from './server.js';

/** The upstream as a process: the bench starts it and controls it by messages; started by hand, it reads variables. */

const { PORT = '0', QUOTA_MODE = 'extended', LATENCY_MS = '0', CERTIFICATE_FOLDER } = process.env;

const upstream = createUpstream(QUOTA_MODE, CERTIFICATE_FOLDER && readCertificate(CERTIFICATE_FOLDER));
upstream.setLatency(Number(LATENCY_MS));
const links = [];

const requests = {
  latency: ({ milliseconds }) => upstream.setLatency(milliseconds),
  calls: () => upstream.takeCalls(),
  albums: ({ perArtist }) => upstream.setAlbumsPerArtist(perArtist),
  roundTrip({ milliseconds }) {
    for (const link of links) link.setRoundTrip(milliseconds);
  },
  closeSockets() {
    for (const link of links) link.closeAll();
  },
  opened: () => links.reduce((sum, link) => sum + link.takeOpened(), 0),
};

process.on('message', (message) =>
  process.send({ id: message.id, response: requests[message.name](message) ?? null }),
);

process.on('disconnect', () => process.exit());

async function listen(server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Behind TLS the API and the token endpoint are two hosts, each over a link, as they are at Spotify. */
async function listenFar() {
  const port = await listen(upstream.server, 0);
  const origins = [];
  for (let i = 0; i < 2; i++) {
    const link = createLink({ port });
    links.push(link);
    origins.push(`https://127.0.0.1:${await listen(link.server, 0)}`);
  }
  return origins;
}

async function listenNear() {
  const origin = `http://127.0.0.1:${await listen(upstream.server, Number(PORT))}`;
  return [origin, origin];
}

const [api, accounts] = CERTIFICATE_FOLDER ? await listenFar() : await listenNear();
process.stdout.write(
  `SPOTIFY_API_URL=${api}/v1 SPOTIFY_TOKEN_URL=${accounts}/api/token SPOTIFY_QUOTA_MODE=${QUOTA_MODE} \\\n` +
    `SPOTIFY_CLIENT_ID=${credentials.clientId} SPOTIFY_CLIENT_SECRET=${credentials.clientSecret}\n`,
);
