import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import * as responseCaches from '../src/response-caches.js';
import { startServers } from '../src/servers.js';

/** Each response cache of a parent saves requests to the gateway, and returns no data that is stale in the gateway. */

const freshSeconds = 6;

/** A parent with a response cache in front of the gateway, and the number of requests (all of them POST) that it has sent. */
async function startParent(t, start) {
  let requests = 0;
  const methods = new Set();
  const servers = await startServers({
    environment: { CACHE_TTL_SECONDS: String(freshSeconds) },
    mount:
      ({ listener }) =>
      (request, response) => {
        requests += 1;
        methods.add(request.method);
        listener(request, response);
      },
  });
  t.after(servers.close);
  const parent = await start({ spotify: servers.url });
  t.after(parent.close);
  requests = 0; // without those that compose the supergraph
  methods.clear();
  return {
    ...servers,
    /** The data, and the number of requests to the gateway. */
    async run(query) {
      const before = requests;
      const { data, errors } = await parent.run(query);
      assert.equal(errors, undefined);
      assert.deepEqual([...methods], ['POST']);
      return { data: JSON.parse(JSON.stringify(data)), requests: requests - before };
    },
  };
}

for (const [name, start] of Object.entries(responseCaches)) {
  test(`${name}: an equal query costs no request to the gateway, until the gateway's own entry is stale`, async (t) => {
    const { url, run, sandbox, spotifyCalls } = await startParent(t, start);
    const { bts } = sandbox.catalogue.fixtures.artists;
    const query = `{ artist(id: "${bts}") { id name } }`;
    const data = { artist: { id: bts, name: 'BTS' } };
    await run('{ quota { family used } }'); // the first operation of a parent takes seconds on a slow machine
    // Another client has made the gateway read the artist: half of its time is over when the parent gets it.
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const staleFromMs = performance.now() + freshSeconds * 1000;
    await wait((freshSeconds * 1000) / 2);

    assert.deepEqual(await run(query), { data, requests: 1 });
    assert.deepEqual(await run(query), { data, requests: 0 });
    assert.equal(spotifyCalls().length, 1);

    await wait(staleFromMs - performance.now());
    assert.deepEqual(await run(query), { data, requests: 1 }, 'a stale copy of the gateway');
    while (spotifyCalls().length === 1) await wait(10); // refreshed in the background
    assert.deepEqual(await run(query), { data, requests: 1 }, 'the stale copy was not kept');
    assert.deepEqual(await run(query), { data, requests: 0 }, 'the new one was');
    assert.equal(spotifyCalls().length, 2);
  });

  test(`${name}: a query of the quota costs a request each time`, async (t) => {
    const { run } = await startParent(t, start);
    for (const _ of [1, 2]) assert.equal((await run('{ quota { family used } }')).requests, 1);
  });
}
