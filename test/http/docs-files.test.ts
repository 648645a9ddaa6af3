import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { expect, onTestFinished, test, vi } from 'vitest';
import { withSandbox } from '../support/gateway.ts';

test('a gateway looks for the files of the docs only if it serves them', async () => {
  const readFolder = vi.spyOn(fs, 'readdirSync');
  syncBuiltinESMExports(); // modules import the function by its name
  onTestFinished(() => {
    readFolder.mockRestore();
    syncBuiltinESMExports();
  });
  const readFolders = () => readFolder.mock.calls.map(([folder]) => String(folder));
  const docs = expect.stringMatching(/\/docs\/$/);

  const inProduction = await withSandbox({ NODE_ENV: 'production' });
  expect((await inProduction.fetch('/docs/errors.md')).status).toBe(404);
  expect(readFolders()).not.toContainEqual(docs);
  expect((await (await withSandbox()).fetch('/docs/errors.md')).status).toBe(200);
  expect(readFolders()).toContainEqual(docs);
});
