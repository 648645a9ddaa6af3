import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './process.js';
import { environment } from './targets.js';
import { createCertificate } from './upstream/certificate.js';

/** Runs functions with servers and an upstream, which are stopped even if a function throws. */

const upstreamFile = fileURLToPath(new URL('./upstream/main.js', import.meta.url));

/** @param mode the quota mode of the app */
export const withUpstream = (mode, use) =>
  withProcess(() => start([upstreamFile], { cores: 'driver', env: { QUOTA_MODE: mode } }), use);

/** The same behind TLS and a distance, for servers that trust its CA (`caFile`). */
export async function withFarUpstream(mode, use) {
  const { folder, caFile, dispose } = createCertificate();
  const env = { QUOTA_MODE: mode, CERTIFICATE_FOLDER: folder };
  try {
    return await withProcess(
      () => start([upstreamFile], { cores: 'driver', env }),
      (upstream) => use({ ...upstream, caFile }),
    );
  } finally {
    dispose();
  }
}

/** One server of each target, all in front of one upstream. */
export async function withServers(targets, upstream, mode, use) {
  const [first, ...others] = targets;
  if (!first) return use({});
  return withServer(first, upstream, mode, {}, (server) =>
    withServers(others, upstream, mode, (servers) => use({ [first.name]: server, ...servers })),
  );
}

/**
 * Each server has an empty data directory, so that it finds nothing that an earlier one has cached.
 * @param options `env` beyond the usual, `cores`
 */
export async function withServer({ args, node }, upstream, mode, { env, cores }, use) {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-'));
  const settings = environment(upstream, mode, { DATA_DIR: dataDir, ...env });
  try {
    return await withProcess(() => start(args, { env: settings, cores, node }), use);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function withProcess(begin, use) {
  const running = await begin();
  try {
    return await use(running);
  } finally {
    await running.stop();
  }
}
