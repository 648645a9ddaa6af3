// Builds the gateway, installs one example with it, and runs a script of the example. Without a name it lists the examples.
//   npm run example [NAME [SCRIPT]]
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const [name, script = 'start'] = process.argv.slice(2);

if (name === undefined || !examples.includes(name)) {
  if (name !== undefined) process.stderr.write(`There is no example ${JSON.stringify(name)}.\n\n`);
  process.stdout.write(usage());
  process.exit(name === undefined ? 0 : 1);
}

if (!process.env.npm_execpath) throw new Error('Start this with `npm run example`.');
const example = join(folder, name);
process.stdout.write(
  'Building the gateway and installing the example. The first time takes about a minute.\n',
);
npm('run', '--silent', 'build');
// npm does not replace an older installed copy of the gateway.
rmSync(join(example, 'node_modules', 'spotify-graphql-gateway'), { recursive: true, force: true });
npm('--prefix', example, 'install', '--no-package-lock');
npm('--prefix', example, 'run', script);

function usage() {
  const width = Math.max(...examples.map(({ length }) => length));
  const lines = examples.map((each) => `npm run example ${each.padEnd(width)}   ${descriptionOf(each)}\n`);
  return `${lines.join('')}\n\`npm run example NAME test\` runs the tests of one example.\n`;
}

function descriptionOf(example) {
  return JSON.parse(readFileSync(join(folder, example, 'package.json'), 'utf8')).description;
}

/** Runs npm, and ends this process if npm fails. */
function npm(...args) {
  // npm sets the path of its own program. On Windows there is no file `npm` that can be started without a shell.
  const { status } = spawnSync(process.execPath, [process.env.npm_execpath, ...args], {
    cwd: join(folder, '..'),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
