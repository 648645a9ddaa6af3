import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-files.ts';

/** A bundler puts the module that serves the docs into a file of the project that uses the gateway. */

const bundles = ['build/server/chunks/bundle.mjs', 'dist/server.js'];

test.each(bundles)(
  'the gateway in the bundle %s serves no documents of the project around the bundle',
  async (bundle) => {
    const project = temporaryFolder();
    await mkdir(join(project, 'docs'));
    await writeFile(join(project, 'docs/internal.md'), '# Internal');
    await writeFile(join(project, 'package.json'), '{ "name": "app", "type": "module" }');
    const outfile = join(project, bundle);
    const entryPoints = ['src/http/plugins/docs.ts'];
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' });
    const { findDocs } = await import(outfile);
    expect(findDocs('').size).toBe(0);
  },
);
