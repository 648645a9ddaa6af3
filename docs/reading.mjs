// Lists the files of src that one operation runs through, with the functions that each of them ran. Start it with
// `npx tsx docs/reading.mjs`. It starts the gateway with the embedded sandbox in this process, lets it learn the
// capabilities of the app with another operation, resets V8's coverage counters, and runs the operation.
import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { createServer } from 'node:net';

const port = await freePort();
const artistId = '3Nrfpe0tUJi4K4DXYWgMUX';
Object.assign(process.env, {
  PORT: String(port),
  LOG_LEVEL: 'silent',
  SPOTIFY_CLIENT_ID: '',
  SPOTIFY_CLIENT_SECRET: '',
});

const inspector = new Session();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

await import('../src/server.ts');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function request(query) {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

// Albums contain simplified artists, so that the artist itself is read by its id. The artist of the query is not among them.
const { data } = await request(
  '{ search(q: "river", type: [ALBUM]) { albums(first: 20) { nodes { artists { id } } } } }',
);
if (JSON.stringify(data).includes(artistId)) throw new Error('The artist of the query is cached.');
const [other] = data.search.albums.nodes[0].artists;
await request(`{ learn: artist(id: "${other.id}") { albums(first: 20) { nodes { name } } } }`);

await inspector.post('Profiler.takePreciseCoverage'); // resets the counters
const response = await request(`{ artist(id: "${artistId}") { albums(first: 20) { nodes { name } } } }`);
const { result } = await inspector.post('Profiler.takePreciseCoverage');
if (response.errors || response.data.artist.albums.nodes.length !== 20)
  throw new Error(JSON.stringify(response));

const source = new URL('../src/', import.meta.url).href;
const files = result
  .filter(({ url }) => url.startsWith(source) && !url.startsWith(`${source}sandbox/`))
  .map(({ url, functions }) => ({
    file: url.slice(source.length).replace(/\?.*/, ''),
    names: functions
      .filter(({ ranges, functionName }) => ranges[0].count > 0 && functionName !== '__name') // a helper of tsx
      .map(({ functionName }) => functionName || '(anonymous)'),
  }))
  .filter(({ names }) => names.length > 0)
  .sort((a, b) => a.file.localeCompare(b.file));

for (const { file, names } of files) process.stdout.write(`${file}: ${[...new Set(names)].join(', ')}\n`);
process.stdout.write(`${files.length} files\n`);
process.exit();
