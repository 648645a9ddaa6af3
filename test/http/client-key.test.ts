import { describe, expect, test } from 'vitest';
import { createIdentifyClient } from '../../src/http/client-key.ts';

const headers =
  (sent: Record<string, string> = {}) =>
  (name: string) =>
    sent[name] ?? null;

describe('the key of a client', () => {
  test('the key of a client is the address of the connection, regardless of the headers that the client sends', () => {
    const identifyClient = createIdentifyClient();
    expect(identifyClient(headers({ 'x-forwarded-for': '198.51.100.9' }), '203.0.113.7')).toBe('203.0.113.7');
    expect(identifyClient(headers(), '203.0.113.8')).toBe('203.0.113.8');
  });

  test('the key of a client is the same for all addresses of one IPv6 network, and differs for the next network', () => {
    const identifyClient = createIdentifyClient();
    const keyOf = (address: string) => identifyClient(headers(), address);
    expect(keyOf('2001:db8:1:2::1')).toBe(keyOf('2001:db8:1:2:ffff:1:2:3'));
    expect(keyOf('2001:db8::1')).toBe(keyOf('2001:db8:0:0:9::'));
    expect(keyOf('2001:db8:1:2::1')).not.toBe(keyOf('2001:db8:1:3::1'));
    expect(keyOf('::ffff:203.0.113.7')).not.toBe(keyOf('::ffff:203.0.113.8'));
  });

  test('the key of a client is the address in the header that the operator names, without those of further proxies', () => {
    const identifyClient = createIdentifyClient('x-real-ip');
    expect(identifyClient(headers({ 'x-real-ip': '198.51.100.9, 10.0.0.1' }), '10.0.0.2')).toBe(
      '198.51.100.9',
    );
    expect(identifyClient(headers(), '10.0.0.2')).toBe('10.0.0.2');
    expect(identifyClient(headers({ 'x-real-ip': 'x'.repeat(90_000) }), '10.0.0.2').length).toBeLessThan(100);
  });

  test('the key of a client is the same for every port that the proxy sends with its address', () => {
    const identifyClient = createIdentifyClient('x-forwarded-for');
    const keyOf = (address: string) => identifyClient(headers({ 'x-forwarded-for': address }), '10.0.0.2');
    expect(keyOf('198.51.100.9:5678')).toBe('198.51.100.9');
    expect(keyOf('[2001:db8:1:2::1]:443')).toBe(keyOf('2001:db8:1:2::7'));
    expect(keyOf('[2001:db8:1:2::1]')).toBe(keyOf('2001:db8:1:2::7'));
  });

  test('the key of a client is the same for all requests without a connection', () => {
    expect(createIdentifyClient()(headers(), undefined)).toBe(createIdentifyClient()(headers(), undefined));
  });
});
