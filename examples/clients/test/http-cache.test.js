import assert from 'node:assert/strict';
import { test } from 'node:test';
import CachePolicy from 'http-cache-semantics';
import { startServers } from '../src/servers.js';

/** A shared cache that follows RFC 9111 and RFC 5861 understands the headers of the gateway's responses. */

const freshSeconds = 100;
const staleSeconds = 1_000;
const json = { 'content-type': 'application/json' };

async function startGateway(t) {
  const servers = await startServers({
    environment: { CACHE_TTL_SECONDS: String(freshSeconds), CACHE_STALE_SECONDS: String(staleSeconds) },
  });
  t.after(servers.close);
  const { bts } = servers.sandbox.catalogue.fixtures.artists;

  /** Sends a query, and returns the policy of a cache for its response. */
  async function policyOf(method, query, headers = {}) {
    const { host, pathname, search } = urlOf(method, query);
    const request = { method, url: pathname + search, headers: { host, ...json, ...headers } };
    const body = method === 'POST' ? { body: JSON.stringify({ query }) } : {};
    const response = await fetch(urlOf(method, query), { method, headers: { ...json, ...headers }, ...body });
    await response.text();
    const { status } = response;
    const policy = new CachePolicy(request, { status, headers: Object.fromEntries(response.headers) });
    const receivedMs = policy.now();
    return {
      policy,
      request,
      maxAge: policy.maxAge(),
      /** From now on, the cache is this many seconds older than the response. */
      setAge(seconds) {
        policy.now = () => receivedMs + seconds * 1_000;
      },
    };
  }
  function urlOf(method, query) {
    const url = new URL(servers.url);
    if (method === 'GET') url.searchParams.set('query', query);
    return url;
  }
  return { ...servers, policyOf, bts, name: `{ artist(id: "${bts}") { name } }` };
}

for (const method of ['GET', 'POST']) {
  test(`a cache serves a response to ${method} while it is fresh, then revalidates it, then serves it only in place of an error`, async (t) => {
    const { policyOf, name } = await startGateway(t);
    const { policy, request, maxAge, setAge } = await policyOf(method, name);
    const failed = { status: 503, headers: {} };
    const isServedInPlaceOfAnError = () => !policy.revalidatedPolicy(request, failed).modified;

    assert.ok(policy.storable());
    assert.ok(maxAge > freshSeconds - 15 && maxAge <= freshSeconds, `${maxAge} s`);
    setAge(maxAge - 2);
    assert.ok(policy.satisfiesWithoutRevalidation(request));
    setAge(maxAge + 1);
    assert.ok(!policy.satisfiesWithoutRevalidation(request));
    assert.equal(policy.evaluateRequest(request).revalidation?.synchronous, false); // served, and read again
    setAge(2 * maxAge - 2);
    assert.equal(policy.evaluateRequest(request).revalidation?.synchronous, false);
    setAge(2 * maxAge + 1);
    assert.equal(policy.evaluateRequest(request).response, undefined);
    assert.ok(isServedInPlaceOfAnError());
    setAge(maxAge + staleSeconds - 2);
    assert.ok(isServedInPlaceOfAnError());
    setAge(maxAge + staleSeconds + 1);
    assert.ok(!isServedInPlaceOfAnError());
  });

  test(`no cache stores a response to ${method} with an error, a trace, a plan or the quota`, async (t) => {
    const { policyOf, name, sandbox, bts } = await startGateway(t);
    const isStored = async (...sent) => {
      const { policy } = await policyOf(method, ...sent);
      assert.equal(policy.timeToLive() > 0, policy.storable());
      return policy.storable();
    };
    assert.equal(await isStored(name), true);
    assert.equal(await isStored(name, { 'x-spotify-trace': '1' }), false);
    assert.equal(await isStored(name, { 'x-spotify-trace': 'plan' }), false);
    assert.equal(await isStored('{ quota { family used } }'), false);
    assert.equal(await isStored(`{ artist(id: "${bts}") { nobody } }`), false);
    assert.equal(await isStored('{ artist(id: "no id") { name } }'), false);
    sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 60 } });
    const [other] = sandbox.catalogue.artists().filter(({ id }) => id !== bts);
    assert.equal(await isStored(`{ artist(id: "${other.id}") { name } }`), false);
  });
}
