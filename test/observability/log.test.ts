import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { boundedLog, createLog, type Log } from '../../src/observability/log.ts';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';

/** No client can make the lines of the log long. */

const maxLineBytes = 10_000; // a message and a stack of 4,000 characters each, and the rest of the line

function createBoundedLog() {
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const record = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
  const log: Log = boundedLog({ info: record, warn: record, error: record });
  return { log, lines };
}

describe('a line of the log', () => {
  test('a line of the log is short if the name of an operation is long, in each way to send the operation', async () => {
    const { fetch, gateway, logged } = await withSandbox();
    const name = 'N'.repeat(60_000);
    const query = `query ${name} { __typename }`;
    const post = (body: object) => fetch('/graphql', postJson(body));
    expect((await post({ query })).status).toBe(200);
    await post({ query, operationName: name });
    await post({ query: `query ${name} { nothing }` });
    await post({ query: '{ __typename }', operationName: name });
    await fetch(`/graphql?${new URLSearchParams({ query })}`);
    await gateway.execute({ document: parse(query) });
    expect(logged.length).toBeGreaterThanOrEqual(5);
    for (const line of logged) expect(JSON.stringify(line).length).toBeLessThan(1_000);
    const names = logged.map(({ fields }) => (fields as { operation?: string | null }).operation);
    expect(names[0]).toMatch(/^N{99}…$/);
  });

  test('a line of the log is short if an error has a long message, a long stack, or both', () => {
    const { log, lines } = createBoundedLog();
    const error = new TypeError('m'.repeat(170_000));
    log.error({ err: error }, 'bug');
    log.error({ err: Object.assign(new Error('short'), { stack: 's'.repeat(170_000) }) }, 'bug');
    for (const { fields } of lines) {
      const { name, message, stack = '' } = fields['err'] as Error;
      expect(name).toMatch(/^(Type)?Error$/);
      expect(message.length + stack.length).toBeLessThan(maxLineBytes);
    }
    expect((lines[0]?.fields['err'] as Error | undefined)?.stack).toMatch(/^TypeError: m+…$/);
  });

  test('a line of the log has the error itself if the error is short', () => {
    const { log, lines } = createBoundedLog();
    const error = new TypeError('short');
    log.error({ err: error }, 'bug');
    expect(lines[0]?.fields['err']).toBe(error);
  });

  test('a line of the log is not prepared if its level is suppressed', () => {
    const written: string[] = [];
    const levels = ['warn', 'error'];
    const write = (_: object, message: string) => void written.push(message);
    const methods = { info: write, warn: write, error: write, debug: write };
    const log = boundedLog({ ...methods, isLevelEnabled: (level) => levels.includes(level) });
    const read: string[] = [];
    const fields = (level: string) => ({
      [level]: 1,
      get codes() {
        return read.push(level);
      },
    });
    for (const level of ['info', 'debug', 'warn', 'error'] as const) log[level]?.(fields(level), level);
    expect(written).toEqual(['warn', 'error']);
    expect(read).toEqual(['warn', 'error']);
  });

  test('a line of the log is short if a list, a text or the message is long', () => {
    const { log, lines } = createBoundedLog();
    log.info({ codes: Array.from({ length: 7_000 }, () => 'BAD_USER_INPUT') }, 'operation');
    log.warn({ text: 't'.repeat(170_000) }, 'm'.repeat(170_000));
    for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(maxLineBytes);
    expect(lines[0]?.fields['codes']).toContain('and 6980 more');
  });

  test('a line of the log has name, message and stack of an error, and no object that is attached to it', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => lines.push(line) });
    const request = { headers: { authorization: 'Bearer canary-3f9c1' } };
    log.error({ err: Object.assign(new TypeError('failed'), { request }) }, 'bug');
    const { err } = JSON.parse(lines.join(''));
    expect(err).toEqual({ name: 'TypeError', message: 'failed', stack: expect.stringContaining('failed') });
  });
});
