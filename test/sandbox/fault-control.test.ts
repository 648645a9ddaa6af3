import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { faultSchemas } from '../../src/sandbox/faults/parse.ts';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const client = useSandbox({ catalogue });
const path = `/artists/${catalogue.fixtures.artists.bts}`;

async function control(method: string, body?: unknown) {
  const url = new URL('/sandbox/faults', client.sandbox.apiUrl);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method, ...(body !== undefined && { body: text }) });
  return { status: response.status, json: (await response.json()) as unknown };
}

describe('the control of a running sandbox', () => {
  const faultKinds = faultSchemas.map(({ shape }) => shape.kind.value).join(', ');
  const rule = { on: { route: 'artists' }, fault: { kind: 'answer', status: 503 } };

  test('`/sandbox/faults` adds, lists and removes the faults of a running sandbox', async () => {
    expect(await control('POST', rule)).toEqual({ status: 201, json: { faults: [rule] } });
    expect((await client.get(path)).status).toBe(503);
    const other = { fault: { kind: 'delay', ms: 1 } };
    expect(await control('POST', [other])).toEqual({ status: 201, json: { faults: [rule, other] } });
    expect(await control('GET')).toEqual({ status: 200, json: { faults: [rule, other] } });
    expect(await control('DELETE')).toEqual({ status: 200, json: { faults: [] } });
    expect((await client.get(path)).status).toBe(200);
  });

  test('a request to `/sandbox/faults` does not appear in the list of Spotify calls', async () => {
    await control('GET');
    expect(client.sandbox.calls()).toEqual([]);
  });

  test('a PUT request to `/sandbox/faults` is 405', async () => {
    expect((await control('PUT', rule)).status).toBe(405);
  });

  test.each<[unknown, string]>([
    ['{', 'faults are not valid JSON'],
    [7, 'rule must be an object'],
    [{}, 'rule.fault must be an object'],
    [{ fault: { kind: 'gremlin' } }, `rule.fault.kind must be one of ${faultKinds}`],
    [{ fault: { kind: 'toString' } }, `rule.fault.kind must be one of ${faultKinds}`],
    [{ fault: { kind: 'delay' } }, 'rule.fault.ms must be a number that is not negative'],
    [{ fault: { kind: 'delay', ms: -1 } }, 'rule.fault.ms must be a number that is not negative'],
    [{ fault: { kind: 'delay', ms: 1, s: 1 } }, 'rule.fault has no field "s"'],
    [{ fault: { kind: 'rate-limit', form: 'xml' } }, 'rule.fault.form must be one of text, json, quota'],
    [{ fault: { kind: 'implied-market', market: 'de' } }, 'rule.fault.market must be a market, such as DE'],
    [{ fault: { kind: 'withdrawn', status: 500 } }, 'rule.fault.status must be one of 403, 404, 410'],
    [{ ...rule, time: 1 }, 'rule has no field "time"'],
    [
      { fault: { kind: 'delay', ms: 3e9 } },
      'rule.fault.ms must be at most 2147483647, the longest time of a timer',
    ],
    [{ ...rule, skip: 0.5 }, 'rule.skip must be a whole number from 0'],
    [{ ...rule, every: 0 }, 'rule.every must be a whole number from 1'],
    [{ fault: { kind: 'endpoints', of: 'old' } }, 'rule.fault.of must be one of development, extended'],
    [{ fault: { kind: 'total', add: [1, 'x'] } }, 'rule.fault.add[1] must be a number'],
    [{ ...rule, on: { pattern: '(' } }, 'rule.on.pattern must be a regular expression'],
    [{ ...rule, on: { path: 1 } }, 'rule.on.path must be a text'],
    [{ ...rule, on: { route: [1] } }, 'rule.on.route must be a text or a list of texts'],
    [{ fault: { kind: 'answer', status: 100 } }, 'rule.fault.status must be a status from 200 to 599'],
    ...[1.01, -0.01, '0.5'].map((chance): [unknown, string] => [
      { ...rule, chance },
      'rule.chance must be a number from 0 to 1',
    ]),
    ...['x y', '', 'ä'].map((name): [unknown, string] => [
      { fault: { kind: 'answer', headers: { [name]: 'a' } } },
      `${z.core.toDotPath(['rule', 'fault', 'headers', name])} must be a valid name of a header`,
    ]),
    ...[{ x: 'a\nb' }, { x: '€' }, { x: 7 }].map((headers): [unknown, string] => [
      { fault: { kind: 'answer', headers } },
      'rule.fault.headers.x must be a text that a header can have',
    ]),
    [{ fault: { kind: 'redirect', to: '/a\nb' } }, 'rule.fault.to must be a text that a header can have'],
    [{ fault: { kind: 'edit', edits: [{ set: 1 }] } }, 'rule.fault.edits[0].path must be a text'],
    [{ fault: { kind: 'edit', edits: [7] } }, 'rule.fault.edits[0] must be an object'],
    [[rule, {}], 'rule.fault must be an object'],
  ])('`/sandbox/faults` rejects %j with a message that states the reason', async (body, error) => {
    expect(await control('POST', body)).toEqual({ status: 400, json: { error } });
    expect(client.sandbox.faults.rules()).toEqual([]);
  });
});
