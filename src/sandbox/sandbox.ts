import { createCallLog, type SandboxCall } from './calls.ts';
import { type Catalogue, createCatalogue } from './catalogue/catalogue.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { apiRoot, createHandler, tokenPath } from './handler.ts';
import { picturesRoot } from './pictures/pictures.ts';
import { isPresetName, type PresetName, presetNames, presetRules } from './presets.ts';
import type { QuotaMode } from './quota-mode.ts';
import { listen } from './server.ts';
import { createTokens } from './tokens.ts';

export interface SandboxOptions {
  /** The quota mode of the simulated app. Default `development`, the mode of an ordinary app. */
  quotaMode?: QuotaMode;
  /** Port on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** The client id that the token endpoint accepts. Default `sandbox-client`. */
  clientId?: string;
  /** The client secret that the token endpoint accepts. Default `sandbox-secret`. */
  clientSecret?: string;
  /** Lifetime of a token in seconds. Default 3600, as at Spotify. */
  tokenLifetimeSeconds?: number;
  /** Delay of every response of the Web API and the token endpoint in milliseconds. Default 0. */
  latencyMs?: number;
  /**
   * Reported behaviours of Spotify, as fault rules that are active from the start; `faults.clear()` removes them too.
   * Default none.
   * @throws Error for a name that is not in `presetNames`
   */
  preset?: PresetName | readonly PresetName[];
  /**
   * Maximum calls to the Web API in any 30 s; above it 429 with Retry-After. Rejected calls count too. Default none.
   */
  rateLimit?: number | undefined;
  /**
   * Maximum calls to an endpoint family in any 24 h, such as `{ 'artists/albums': 100 }`. Default none. With the
   * preset `quota-2026` each number replaces the preset's number for that family.
   */
  dailyLimits?: Readonly<Record<string, number>>;
  /**
   * The clock in milliseconds for the expiry of tokens, for limits and for the call log, so that a test can move it.
   * Delays use real time. Default `performance.now`.
   */
  now?: () => number;
  /** The catalogue to serve. Default `createCatalogue()`. */
  catalogue?: Catalogue;
}

/** A running sandbox: a local stand-in for Spotify's token endpoint and Web API. */
export interface Sandbox {
  /** Base of the Web API: `http://127.0.0.1:PORT/v1`. */
  apiUrl: string;
  /** The token endpoint: `http://127.0.0.1:PORT/api/token`. */
  tokenUrl: string;
  /** Base of the pictures, to which `Image.file` of the catalogue is added: `http://127.0.0.1:PORT/image/`. */
  imagesUrl: string;
  clientId: string;
  clientSecret: string;
  /**
   * The variables with which `readConfig` of the gateway configures a gateway over this sandbox:
   * `readConfig({ ...process.env, ...sandbox.environment })`. Made-up data is not kept on disk.
   */
  environment: Readonly<Record<string, string>>;
  catalogue: Catalogue;
  /** The latest 20,000 API and token calls since the start or `clearCalls()`, in order of arrival. */
  calls(): readonly SandboxCall[];
  clearCalls(): void;
  /** Expires all issued tokens: calls with them get 401 `The access token expired`. */
  expireTokens(): void;
  setQuotaMode(mode: QuotaMode): void;
  faults: Faults;
  /** Stops listening and closes every connection, even during a response. */
  close(): Promise<void>;
}

const hourSeconds = 3600;

/**
 * Starts a sandbox. Several can run in one process; they share no mutable state.
 * @throws Error with code EADDRINUSE if the port is in use
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const {
    port = 0,
    clientId = 'sandbox-client',
    clientSecret = 'sandbox-secret',
    tokenLifetimeSeconds = hourSeconds,
    latencyMs = 0,
    catalogue = createCatalogue(),
    now = () => performance.now(),
  } = options;
  let quotaMode = options.quotaMode ?? 'development';
  const presets = checkedPresets(options.preset);
  const log = createCallLog(now);
  const faults = createFaults(now);
  for (const rule of presetRules(presets, options)) faults.add(rule);
  const tokens = createTokens(tokenLifetimeSeconds, now);
  const acceptedCredentials = { clientId, clientSecret };

  const { origin, close } = await listen(port, (listeningOrigin) =>
    createHandler({
      origin: listeningOrigin,
      acceptedCredentials,
      tokens,
      catalogue,
      log,
      faults,
      quotaMode: () => quotaMode,
      latencyMs,
    }),
  );

  const apiUrl = origin + apiRoot;
  const tokenUrl = origin + tokenPath;
  return {
    apiUrl,
    tokenUrl,
    imagesUrl: origin + picturesRoot,
    clientId,
    clientSecret,
    environment: {
      SPOTIFY_API_URL: apiUrl,
      SPOTIFY_TOKEN_URL: tokenUrl,
      SPOTIFY_CLIENT_ID: clientId,
      SPOTIFY_CLIENT_SECRET: clientSecret,
      DATA_DIR: 'none',
    },
    catalogue,
    calls: log.calls,
    clearCalls: log.clear,
    expireTokens: tokens.expireAll,
    setQuotaMode: (mode) => {
      quotaMode = mode;
    },
    faults,
    close,
  };
}

function checkedPresets(preset: SandboxOptions['preset'] = []): PresetName[] {
  const names = [preset].flat();
  const unknownName = names.find((name) => !isPresetName(name));
  if (unknownName !== undefined) {
    throw new Error(
      `There is no preset ${JSON.stringify(unknownName)}. The presets are ${presetNames.join(', ')}.`,
    );
  }
  return names;
}
