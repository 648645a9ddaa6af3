import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { dataAndErrorCodes, startInMode, withoutErrors } from '../support/schema-tests.ts';
import { temporaryFolder } from '../support/temporary-files.ts';

test('a category of a list that is stored costs no call after a restart, alone or beside the list', async () => {
  const environment = { DATA_DIR: temporaryFolder(), SPOTIFY_QUOTA_MODE: 'extended' };
  const { execute, gateway, sandbox, apiCalls } = await startInMode('extended', environment);
  const category = '{ category(id: "party") { name } }';
  const both = '{ categories(first: 1) { nodes { id } } category(id: "party") { name } }';
  const { data: list } = await execute<object, object>('{ categories(first: 1) { nodes { id } } }');
  await sleep(100); // for the writes to the store
  await gateway.dispose();
  for (const document of [both, category]) {
    const restarted = startGateway(sandbox, environment);
    const response = dataAndErrorCodes(await restarted.execute<object, object>(document));
    expect(response).toEqual(withoutErrors({ ...(document === both && list), category: { name: 'Party' } }));
    await restarted.gateway.dispose();
  }
  expect(apiCalls()).toEqual(['/browse/categories?limit=50&offset=0']);
});
