import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A test CA and a certificate of 127.0.0.1 that it has signed, made by openssl for one run. */

const days = '2';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** @returns the `folder` of the files, the path of the CA (`caFile`, for NODE_EXTRA_CA_CERTS), and `dispose` */
export function createCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  writeFileSync(
    join(folder, 'server.ext'),
    'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n',
  );
  openssl(
    ...['req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', days],
    ...['-subj', '/CN=Bench CA', '-addext', 'basicConstraints=critical,CA:TRUE'],
  );
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', days, '-out', 'server.pem', '-extfile', 'server.ext'],
  );
  return {
    folder,
    caFile: join(folder, 'ca.pem'),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The key and the certificate of the server, for `createSecureServer`. */
export const readCertificate = (folder) => ({
  key: readFileSync(join(folder, 'server.key')),
  cert: readFileSync(join(folder, 'server.pem')),
});
