import * as net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIPv6 } from '../src/host-names.ts';

test('the gateway takes a text for an IPv6 address exactly if node:net does', () => {
  const characters = fc.string({ unit: fc.constantFrom(...'0:1f.%g]-\n') });
  const address = fc.oneof(fc.ipV6(), fc.ipV4(), characters);
  const zone = fc.constantFrom('', '%eth0', '%', '%1', '%a b', '%a%b', '%[', '%é');
  fc.assert(
    fc.property(address, zone, (text, suffix) => {
      expect(isIPv6(text + suffix)).toBe(net.isIPv6(text + suffix));
    }),
    {
      numRuns: 2_000,
      examples: [
        ['::', ''],
        ['::ffff:127.0.0.1', ''],
        ['fe80::1', '%eth0'],
        ['::1\n', ''],
        ['1::2::3', ''],
        ['::1.2.3', ''],
        ['::0x1.2.3.4', ''],
        ['::1.2.3.04', ''],
      ],
    },
  );
});
