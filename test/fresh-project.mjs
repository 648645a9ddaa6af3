import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Installs the packed package in an empty project, with the lowest version of GraphQL.js that it supports, and reads one
 * artist by each way in. Needs the registry of npm.
 */

const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const lowest = peerDependencies.graphql.replace('^', '');
const folder = mkdtempSync(join(tmpdir(), 'fresh-project-'));
const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: 'utf8' });

const program = `
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parse, version } from 'graphql';
import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';

const sandbox = await startSandbox();
const { gateway: options } = readConfig({ ...sandbox.environment, DATA_DIR: 'none', LOG_LEVEL: 'error' });
const gateway = createGateway(options);
const query = '{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }';
const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) };
const served = async (listener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch('http://127.0.0.1:' + server.address().port + '/graphql', request);
  server.close();
  server.closeAllConnections();
  return response.json();
};
const responses = {
  execute: await gateway.execute({ document: parse(query) }),
  fetch: await (await gateway.handler.fetch(new Request('http://localhost/graphql', request))).json(),
  handler: await served(gateway.handler),
  listener: await served(gateway.listener),
};
await gateway.dispose();
await sandbox.close();
console.log(JSON.stringify({ version, responses }));
`;

try {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const packages = [join(folder, filename), `graphql@${lowest}`];
  run(
    'npm',
    ['install', '--engine-strict', '--no-audit', '--no-fund', '--prefer-offline', ...packages],
    folder,
  );
  writeFileSync(join(folder, 'program.js'), program);
  const { version, responses } = JSON.parse(run(process.execPath, ['program.js'], folder));
  assert.equal(version, lowest);
  for (const [way, response] of Object.entries(responses))
    assert.deepEqual(response.data, { artist: { name: 'BTS' } }, `by ${way}: ${JSON.stringify(response)}`);
  process.stdout.write(`graphql ${version}, Node ${process.version}: ${Object.keys(responses).join(', ')}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
