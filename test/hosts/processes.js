import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The gateway as a process of each host. */

export const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const cli = fileOf('../../dist/cli.js');

/**
 * Start the gateway with these variables.
 * @returns its URL, and a function that sends the process a signal and returns its exit code
 */
export const startNode = (environment) => startProcess(process.execPath, [cli], environment);
export const processes = {
  Deno: (environment) =>
    startProcess(fileOf('node_modules/.bin/deno'), ['run', '--allow-all', cli], environment),
  Bun: (environment) => startProcess(fileOf('node_modules/.bin/bun'), [cli], environment),
};

/** The lowest versions of Node that the package supports, besides that of the reference; on Linux with x64 only. */
const versions = process.platform === 'linux' && process.arch === 'x64' ? ['22', '24'] : [];
export const nodeVersions = Object.fromEntries(
  versions.map((version) => [
    `Node ${version}`,
    (environment) => startProcess(fileOf(`node_modules/node-${version}/bin/node`), [cli], environment),
  ]),
);

async function startProcess(command, args, environment) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...environment, PORT: '0' };
  const child = spawn(command, args, { env, cwd: fileOf('.'), stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  async function stop(signal = 'SIGKILL') {
    child.kill(signal);
    const [code] = await exited;
    return code;
  }
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text;
    const [, url] = /GraphQL on (http:\S+)\/graphql/.exec(output) ?? [];
    if (url) return { url, stop };
  }
  throw new Error(`The gateway has not started: ${output}`);
}

export async function send(url, { path = '/graphql', headers, ...request }) {
  // A host may close an idle connection just before the next request, and fetch does not repeat a POST.
  const response = await fetch(url + path, { ...request, headers: { ...headers, connection: 'close' } });
  return {
    request: request.body ?? path,
    status: response.status,
    type: response.headers.get('content-type'),
    body: await response.text(),
  };
}
