import { createUpstream, credentials } from './server.js';

/** The upstream as a process: started by the bench and steered by messages, or by hand with variables. */

const { PORT = '0', QUOTA_MODE = 'extended', LATENCY_MS = '0' } = process.env;

const { server, setLatency, takeCalls } = createUpstream(QUOTA_MODE);
setLatency(Number(LATENCY_MS));

const requests = {
  latency: ({ milliseconds }) => setLatency(milliseconds),
  calls: () => takeCalls(),
};

process.on('message', (message) =>
  process.send({ id: message.id, answer: requests[message.what](message) ?? null }),
);

process.on('disconnect', () => process.exit());

server.listen(Number(PORT), '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(
    `SPOTIFY_API_URL=${origin}/v1 SPOTIFY_TOKEN_URL=${origin}/api/token SPOTIFY_QUOTA_MODE=${QUOTA_MODE} \\\n` +
      `SPOTIFY_CLIENT_ID=${credentials.clientId} SPOTIFY_CLIENT_SECRET=${credentials.clientSecret}\n`,
  );
});
