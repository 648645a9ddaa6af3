import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';

/** A bundler puts the module that serves the docs into a file of the project that uses the gateway. */

test('in a bundle, the gateway serves no documents of the project around it', async () => {
  const project = await mkdtemp(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  await mkdir(join(project, 'docs'));
  await writeFile(join(project, 'docs/internal.md'), '# Internal');
  const outfile = join(project, 'build/server/chunks/bundle.mjs');
  const entryPoints = ['src/http/plugins/docs.ts'];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' });
  const { findDocs } = await import(outfile);
  expect(findDocs('').size).toBe(0);
});
