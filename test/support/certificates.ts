import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { portOf } from './test-server.ts';

/** Certificates that a test authority signs at run time, and TLS servers that use them. */

export interface Certificate {
  key: string;
  cert: string;
}

export interface Certificates {
  authority: string;
  valid: Certificate;
  expired: Certificate;
  otherHost: Certificate;
  selfSigned: Certificate;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  function selfSigned(name: string, host: string): Certificate {
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    openssl(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      ...subject,
    );
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  }

  function signed(name: string, host: string, days: number): Certificate {
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    openssl('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
    const authority = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-copy_extensions', 'copy'];
    openssl('x509', '-req', ...files, ...authority, '-days', `${days}`);
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  }

  try {
    return {
      authority: selfSigned('authority', 'authority.test').cert,
      valid: signed('valid', 'localhost', 2),
      expired: signed('expired', 'localhost', -1),
      otherHost: signed('other', 'other.test', 2),
      selfSigned: selfSigned('self', 'localhost'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { createSecureContext } = tls;
const trusted = [...tls.rootCertificates]; // several test files may run in one process, each with its own authority

/** Makes this process trust the authority, as NODE_EXTRA_CA_CERTS would. */
export function trust(authority: string): void {
  trusted.push(authority);
  tls.createSecureContext = (options) => createSecureContext({ ...options, ca: trusted });
}

type Defer = { defer(end: () => unknown): void };

/** A TLS server in front of a port. */
export async function startTlsFront({ defer }: Defer, { key, cert }: Certificate, target: number) {
  const server = tls.createServer({ key, cert }, (client) => {
    const inner = connect(target, '127.0.0.1');
    for (const socket of [client, inner]) socket.on('error', () => undefined);
    client.pipe(inner).pipe(client);
    client.on('close', () => inner.destroy());
  });
  server.on('tlsClientError', () => undefined);
  return originOf(server, defer);
}

/** A server that closes connections in the middle of the TLS handshake. */
export function startCutter({ defer }: Defer) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
  });
  return originOf(server, defer);
}

const originOf = async (server: Server, defer: Defer['defer']) => ({
  origin: `https://localhost:${await portOf(server, defer)}`,
});
