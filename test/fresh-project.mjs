import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Installs the packed package in an empty project, once. With the lowest and the newest version of GraphQL.js that it
 * supports, reads one artist by each way in; then compiles strict TypeScript as ECMAScript module and as CommonJS, with declarations. All
 * packages must accept the lowest Node of each major version that the package supports. Needs the registry of npm.
 */

const { peerDependencies, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
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

const commonJs = `
const { createGateway, readConfig } = require('spotify-graphql-gateway');
const { startSandbox } = require('spotify-graphql-gateway/sandbox');
console.log([createGateway, readConfig, startSandbox].map((each) => typeof each).join());
`;

// Every export of the package, as a project with strict types uses it.
const typescript = `
import { createServer } from 'node:http';
import { type GraphQLSchema, parse } from 'graphql';
import {
  BadUserInput, type Config, createGateway, type Execute, type Gateway, type GatewayOptions, type Log, readConfig, schema,
} from 'spotify-graphql-gateway';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';

export async function main(log: Log): Promise<string | undefined> {
  const sandbox = await startSandbox({ quotaMode: 'development' });
  const { gateway: options }: Config = readConfig({ ...process.env, ...sandbox.environment });
  const all: GatewayOptions = { ...options, endpoint: '/api/graphql', isSandbox: true };
  const gateway: Gateway = createGateway(all, log);
  const execute: Execute = gateway.execute;
  const { data } = await execute<{ artist: { name: string } | null }>({ document: parse('{ __typename }') });
  const name: string | undefined = data?.artist?.name;
  createServer(gateway.listener).listen(0);
  const response: Response = await gateway.handler.fetch(new Request('http://localhost/api/graphql'));
  const graph: GraphQLSchema = schema;
  if (response.status > 400 || !graph) throw new BadUserInput('no');
  await gateway.dispose();
  await sandbox.close();
  return name;
}
`;

// Without annotations, as a module of a parent's server exports its gateway: its declarations need a name for each type.
const inferred = `
import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { createCatalogue, startSandbox } from 'spotify-graphql-gateway/sandbox';

export const config = readConfig(process.env);
export const options = config.gateway;
export const { spotify, trustedDocuments } = options;
export const gateway = createGateway(options);
export const { handler, listener, schema, execute, metrics } = gateway;
export const connect = () => gateway.connect();
export const report = async () => [(await connect()).quota, (await connect()).families] as const;
export const catalogue = createCatalogue();
export const sandbox = () => startSandbox({ catalogue });
export const calls = async () => (await sandbox()).calls();
export const faults = async () => (await sandbox()).faults;
`;
const inferredInWorker = `
import { createWorkerGateway, readConfig } from 'spotify-graphql-gateway/worker';

export const config = readConfig({});
export const options = config.gateway;
export const { spotify, trustedDocuments } = options;
export const gateway = createWorkerGateway(options);
export const { execute, schema } = gateway;
`;

/**
 * Compiles one file of the project with the compiler and the types of Node of this repository.
 * @returns the errors in the file and in the types of the package, without those in other packages
 */
function compile(file, module) {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module,
        target: 'es2022',
        lib: ['esnext'],
        strict: true,
        noEmit: true,
        declaration: true,
        types: ['node'],
        typeRoots: [resolve('node_modules/@types')],
      },
      files: [file],
    }),
  );
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.includes('error') && !/^node_modules\/(?!spotify-graphql-gateway\/)/.test(line));
}

const installed = (name) => join(folder, 'node_modules', name);

/** This Node has accepted the packages under `--engine-strict`; this test checks the others that `engines` names. */
function acceptedByEachNode() {
  const versions = engines.node.match(/\d+\.\d+\.\d+/g);
  const rejecting = versions.map(
    (node) => `:attr(engines, [node]):not(:semver(${node}, :attr(engines, [node])))`,
  );
  const packages = JSON.parse(run('npm', ['query', rejecting.join(', ')], folder));
  assert.deepEqual(
    packages.map(({ pkgid }) => pkgid),
    [],
  );
  process.stdout.write(`all packages accept Node ${versions.join(', ')}\n`);
}

function readByEachWay(expected) {
  const { version, responses } = JSON.parse(run(process.execPath, ['program.js'], folder));
  assert.equal(version, expected);
  for (const [way, response] of Object.entries(responses))
    assert.deepEqual(response.data, { artist: { name: 'BTS' } }, `by ${way}: ${JSON.stringify(response)}`);
  process.stdout.write(`graphql ${version}, Node ${process.version}: ${Object.keys(responses).join(', ')}\n`);
}

try {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const packages = [join(folder, filename), `graphql@${lowest}`, 'newest-graphql@npm:graphql@^16'];
  run(
    'npm',
    ['install', '--engine-strict', '--no-audit', '--no-fund', '--prefer-offline', ...packages],
    folder,
  );
  acceptedByEachNode();
  writeFileSync(join(folder, 'program.js'), program);
  readByEachWay(lowest);

  renameSync(installed('graphql'), installed('lowest-graphql'));
  renameSync(installed('newest-graphql'), installed('graphql'));
  const newest = JSON.parse(readFileSync(join(installed('graphql'), 'package.json'), 'utf8')).version;
  readByEachWay(newest);

  writeFileSync(join(folder, 'program.cjs'), commonJs);
  assert.equal(run(process.execPath, ['program.cjs'], folder), 'function,function,function\n');
  for (const file of ['typed.mts', 'typed.cts']) writeFileSync(join(folder, file), typescript);
  writeFileSync(join(folder, 'inferred.mts'), inferred);
  writeFileSync(join(folder, 'inferred-worker.mts'), inferredInWorker);
  assert.deepEqual(compile('typed.mts', 'node16'), []);
  assert.deepEqual(compile('typed.cts', 'node20'), []);
  assert.deepEqual(compile('inferred.mts', 'node16'), []);
  assert.deepEqual(compile('inferred-worker.mts', 'node16'), []);
  // As docs/composition.md says: `node16` knows no `require` of an ECMAScript module.
  const codes = compile('typed.cts', 'node16').map((line) => /TS\d+/.exec(line)?.[0]);
  assert.deepEqual(codes, ['TS1479', 'TS1479']);
  process.stdout.write(
    'TypeScript: ECMAScript module (node16), CommonJS (node20); require() in JavaScript\n',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
