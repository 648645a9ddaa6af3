import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Replaces the built `dist/server.js`, the process, by one file with most of its packages. Node then resolves and reads
 * one module in place of a thousand; docs/decisions/bundled-server.md has the figures. The library stays as TypeScript
 * writes it, so that a graph that embeds the gateway has one copy of each package.
 */

const outfile = 'dist/server.js';
// Renamed at the end: a process that starts during a build reads a whole file, and builds may run at the same time.
const newFile = `dist/server.${process.pid}.js`;

/** Packages that are loaded from `node_modules`. */
const external = [
  'marked', // only if a page of the docs is opened
  '@opentelemetry/api', // shared with the tracing of the operator
  'pino', // instrumentations add the id of the trace to its lines
];

const { metafile } = await build({
  entryPoints: ['src/server.ts'],
  outfile: newFile,
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external,
  alias: { ofetch: './node_modules/ofetch/dist/index.mjs' }, // its file for Node contains a second implementation of fetch
  plugins: [{ name: 'serializer', setup: leaveOutSerializer }],
  // CommonJS packages call `require`.
  banner: {
    js: "import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);",
  },
  // Without comments, some of which have characters for which V8 stores the whole file with two bytes a character.
  minifyWhitespace: true,
  lineLimit: 120, // for stack traces
  legalComments: 'none', // the file of licences below has all of them
  logLevel: 'warning',
});

renameSync(newFile, outfile);

/** graphql-jit loads a serializer with its validator, and uses them only with the option `customJSONSerializer`. */
function leaveOutSerializer({ onResolve, onLoad }) {
  onResolve({ filter: /^fast-json-stringify$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
  onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: '' }));
}

// The licences of the packages demand that their texts come with each copy.
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
);
const licences = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : `Licence: ${license}`;
  return `${name} ${version}\n\n${text}\n`;
});
writeFileSync('dist/server.licences.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));
