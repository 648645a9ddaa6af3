import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { inProduction, openSocket, startServer, until } from '../support/process.ts';
import { refusalsOf } from '../support/refusals.ts';
import { portOf } from '../support/test-server.ts';

/** All bodies of JSON requests have the same limits, in whatever form their headers state that they are JSON. */

const forms = [
  'content-type: application/json',
  'content-type: application/json ;charset=utf-8',
  'content-type: Application/JSON; charset=utf-8',
  'content-type: application/json\r\ncontent-encoding: identity',
];

const head = (form: string) =>
  `POST /graphql HTTP/1.1\r\nhost: gateway\r\naccept: application/graphql-response+json\r\n${form}\r\n`;

/** The body of the response 413 to a request with this end. */
async function rejectionOf(port: number, form: string, end: string): Promise<unknown> {
  const socket = await openSocket(port, head(form) + end);
  await until(() => socket.received().includes(']}'), 5_000);
  expect(socket.received()).toMatch(/^HTTP\/1.1 413 /);
  return JSON.parse(socket.received().split('\r\n\r\n')[1] ?? '');
}

const message = 'The body of a request may have at most 100000 bytes.';

describe.each(['listener', 'handler'] as const)('the %s', (part) => {
  test.each(forms)(
    `the ${part} responds 413 with the limit to a body of unknown length that is too large, with "%s"`,
    async (form) => {
      const { gateway, logged } = await withSandbox();
      const chunks = `2710\r\n${'x'.repeat(10_000)}\r\n`.repeat(11);
      const end = `transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
      expect(await rejectionOf(await portOf(gateway[part]), form, end)).toEqual({
        errors: [{ message, extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100_000 } }],
      });
      expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
      expect(await refusalsOf(gateway)).toEqual([['QUERY_TOO_COMPLEX', 1]]);
    },
  );

  test.each(forms)(
    `the ${part} responds 413 with limit and length to a body whose stated length is too large, with "%s"`,
    async (form) => {
      const { gateway } = await withSandbox();
      const end = 'content-length: 100001\r\n\r\n';
      expect(await rejectionOf(await portOf(gateway[part]), form, end)).toEqual({
        errors: [{ message, extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100_000, actual: 100_001 } }],
      });
      expect(await refusalsOf(gateway)).toEqual([['QUERY_TOO_COMPLEX', 1]]);
    },
  );
});

test.each(forms)(
  '1,000 incomplete bodies with `%s` use bounded memory',
  { timeout: 60_000 },
  async (form) => {
    const server = await startServer(inProduction);
    await server.execute('{ __typename }');
    const before = server.memoryMb();
    const part = `${head(form)}content-length: 99000\r\n\r\n${'x'.repeat(97_000)}`;
    let closed = 0;
    const sockets = Array.from({ length: 1_000 }, () => {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
      socket.on('close', () => {
        closed += 1;
      });
      socket.resume().write(part);
      return socket;
    });
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await until(() => closed > 500, 20_000); // 32 MB have room for 330 of them
    expect(server.peakMb() - before).toBeLessThan(120);
  },
);
