import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import type { SpotifyReport } from '../datasources/spotify/index.ts';
import { countText } from '../text.ts';

/** The messages of the start, for the terminal of an operator. */

/**
 * @param report the state of the connection to Spotify, with the data that was found in the shared store; null if this
 * process does not know it
 * @param metricsAddress null if metrics have no port of their own
 */
export function startMessage(
  config: Config,
  address: AddressInfo,
  metricsAddress: AddressInfo | null,
  report: SpotifyReport | null,
): string {
  const url = `${urlOf(address)}/graphql`;
  const lines = config.sandbox
    ? [sandboxNote(config.sandbox)]
    : [appLine(config.gateway.spotify, report), report && dataLine(config.gateway.spotify, report)];
  const graphiql = config.gateway.graphiql && `GraphiQL on ${url} (open it in a browser)`;
  const metrics = metricsAddress && `Metrics on ${urlOf(metricsAddress)}/metrics`;
  return [...lines, metrics, graphiql, `GraphQL on ${url}`].filter(Boolean).join('\n');
}

const sandboxNote = (
  quotaMode: string,
) => `SANDBOX: no Spotify credentials are set, so this serves made-up music from a stand-in for Spotify
(an app in ${quotaMode} mode). Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET for the real catalogue.`;

type SpotifyConfig = Config['gateway']['spotify'];

const shownIdCharacters = 6; // enough to distinguish apps

function appLine({ clientId, market, quotaMode }: SpotifyConfig, report: SpotifyReport | null): string {
  const extendedMode = report?.capabilities['batch'] === true ? 'extended' : null;
  const learnedMode = report?.isDevelopmentMode ? 'development' : extendedMode;
  const mode = quotaMode === 'auto' ? learnedMode : quotaMode;
  return [
    `Spotify: app ${clientId.slice(0, shownIdCharacters)}…`,
    market ? `market ${market}` : 'no default market',
    mode ? `${mode} mode` : report && 'quota mode not known yet',
  ]
    .filter(Boolean)
    .join(', ');
}

function dataLine(config: SpotifyConfig, { quota, isStoreAvailable }: SpotifyReport): string {
  const place = placeOf(config, isStoreAvailable);
  const calls = quota.reduce((sum, { used }) => sum + used, 0);
  const remainingCalls = quota.flatMap(({ family, limit, remaining }) =>
    remaining === null ? [] : [`${family} ${remaining} of ${limit}`],
  );
  const leftText = remainingCalls.length > 0 ? `; left: ${remainingCalls.join(', ')}` : '';
  return `Data ${place}: ${countText(calls, 'call')} in the last 24 h${leftText}`;
}

function placeOf({ redisUrl, dataDir }: SpotifyConfig, isStoreAvailable: boolean): string {
  if (redisUrl !== null) return isStoreAvailable ? 'in Redis' : 'in memory until Redis can be used';
  if (dataDir === null) return 'in memory only';
  return isStoreAvailable ? `on disk in ${dataDir}` : `in memory, because ${dataDir} cannot be used`;
}

/** The message if a server cannot listen, by the code of the system; null for an unknown code. */
export function listenError(
  code: string | undefined,
  variable: string,
  port: number,
  host: string,
): string | null {
  if (code === 'EADDRINUSE') {
    const otherPort = port < maxPort ? port + 1 : 0; // 0 is any free port
    return `Port ${port} is in use by another process. Choose another one, such as ${variable}=${otherPort}.`;
  }
  if (code === 'EACCES') return `${variable} must be a port that this user may use, not ${port}.`;
  return code !== undefined && hostCodes.has(code)
    ? `HOST must be an address of this machine, but is ${JSON.stringify(host)}.`
    : null;
}

const maxPort = 65_535;
const hostCodes = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'EINVAL', 'ENOTFOUND']);

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '127.0.0.1') return `http://localhost:${port}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
