import { describe, expect, test } from 'vitest';
import { learnedSentence } from '../../src/datasources/spotify/capabilities/learned-capabilities.ts';
import { createLog } from '../../src/observability/log.ts';

/** The lines that a log writes to a terminal. */
function linesOfTerminal() {
  const lines: string[] = [];
  const terminal = { isTTY: true, write: (line: string) => lines.push(line) };
  return { log: createLog('info', terminal), lines };
}

const usage = { operation: 'artist', document: '5f1a', plannedCalls: 1, actualCalls: 1, cacheHits: 0 };

describe('in a terminal', () => {
  test.each([
    [{}, 'artist 12 ms, 1 call'],
    [{ actualCalls: 2, cacheHits: 3, operation: null }, 'unnamed 12 ms, 2 calls, 3 cached'],
    [{ disconnected: true }, 'artist 12 ms, 1 call, client disconnected'],
    [
      { codes: ['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT', 'BAD_USER_INPUT'], actualCalls: 0 },
      'artist 12 ms, 0 calls, UPSTREAM_TIMEOUT BAD_USER_INPUT',
    ],
  ])('a terminal shows an operation in one line with its time, duration and cost: %o', (more, text) => {
    const { log, lines } = linesOfTerminal();
    log.info({ milliseconds: 12, codes: [], ...usage, ...more }, 'operation');
    expect(lines).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d /)]);
    expect(lines[0]?.slice(9)).toBe(`${text}\n`);
  });

  test('a terminal shows a learned capability of the app as a sentence', () => {
    const { log, lines } = linesOfTerminal();
    log.info({ ability: 'artists/albums', value: 10, before: null }, learnedSentence('artists/albums', 10));
    expect(lines[0]?.slice(9)).toBe('learned: at most 10 albums a page (artists/albums)\n');
  });

  test('a log line in a terminal does not repeat the fields that its message states', () => {
    const { log, lines } = linesOfTerminal();
    const fields = { family: 'artists/albums', used: 10, limit: 20, limitSource: 'LEARNED' };
    log.info(fields, 'the daily limit of artists/albums is half used: 10 of 20 calls');
    expect(lines[0]?.slice(9)).toBe(
      'the daily limit of artists/albums is half used: 10 of 20 calls limitSource=LEARNED\n',
    );
  });

  test('a terminal shows warnings and errors with their level, their fields and the stack of the error', () => {
    const { log, lines } = linesOfTerminal();
    log.warn({ code: 'ECONNREFUSED', reason: 'invalid_client: no' }, 'no token');
    log.error({ err: new TypeError('bug') }, 'uncaught exception');
    expect(lines[0]?.slice(9)).toBe('WARN no token code=ECONNREFUSED reason="invalid_client: no"\n');
    expect(lines[1]?.slice(9)).toMatch(/^ERROR uncaught exception \nTypeError: bug\n {4}at /);
  });
});
