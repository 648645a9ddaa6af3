import type fs from 'node:fs';
import { expect, test, vi } from 'vitest';
import { withSandbox } from '../support/gateway.ts';

// Before the gateway is imported: a module may read files when it is loaded.
const readFolders = vi.hoisted(() => [] as string[]);
vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  const readdirSync = (...args: Parameters<typeof fs.readdirSync>) => {
    readFolders.push(String(args[0]));
    return original.readdirSync(...args);
  };
  return { ...original, readdirSync };
});

test('a gateway looks for the files of the docs only if it serves them', async () => {
  const docs = expect.stringMatching(/\/docs\/$/);
  const inProduction = await withSandbox({ NODE_ENV: 'production' });
  expect((await inProduction.fetch('/docs/errors.md')).status).toBe(404);
  expect(readFolders).not.toContainEqual(docs);
  expect((await (await withSandbox()).fetch('/docs/errors.md')).status).toBe(200);
  expect(readFolders).toContainEqual(docs);
});
