import { createCallLog, type SandboxCall } from './calls.ts';
import { type Catalogue, createCatalogue } from './catalogue/catalogue.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { apiRoot, createHandler, tokenPath } from './handler.ts';
import { isPresetName, type PresetName, presetNames, presetRules } from './presets.ts';
import type { QuotaMode } from './quota-mode.ts';
import { listen } from './server.ts';
import { createTokens } from './tokens.ts';

export interface SandboxOptions {
  /** What kind of app the caller is taken for. Default `development`, which is what an ordinary app is today. */
  quotaMode?: QuotaMode;
  /** Port on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** What the token endpoint accepts. Default `sandbox-client`. */
  clientId?: string;
  /** Default `sandbox-secret`. */
  clientSecret?: string;
  /** Seconds that a token lives. Default 3600, as Spotify's. */
  tokenLifetimeSeconds?: number;
  /** Milliseconds before every answer. Default 0. */
  latencyMs?: number;
  /**
   * Ways in which Spotify was seen to behave, as fault rules that are there from the start: `faults.clear()`
   * takes them away like others. Default none.
   * @throws Error for a name that is not one of `presetNames`
   */
  preset?: PresetName | readonly PresetName[];
  /**
   * Calls that an endpoint family is answered in any 24 h, such as `{ 'artists/albums': 100 }`. Default none;
   * with preset `quota-2026` these numbers replace its own, family by family.
   */
  dailyLimits?: Readonly<Record<string, number>>;
  /**
   * The clock in milliseconds, by which tokens end, limits count and calls are logged, so that a simulation
   * can move it. Delays are real time. Default `performance.now`.
   */
  now?: () => number;
  /** The music. Default `createCatalogue()`. */
  catalogue?: Catalogue;
}

/** A running stand-in for Spotify's accounts service and Web API. */
export interface Sandbox {
  /** Base of the Web API: `http://127.0.0.1:PORT/v1`. */
  apiUrl: string;
  /** The token endpoint: `http://127.0.0.1:PORT/api/token`. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  catalogue: Catalogue;
  /** API and token calls since the start or `clearCalls()`, in order of arrival; the latest 20,000 of them. */
  calls(): readonly SandboxCall[];
  clearCalls(): void;
  /** Makes every token issued so far answer 401 `The access token expired` from now on. */
  expireTokens(): void;
  setQuotaMode(mode: QuotaMode): void;
  faults: Faults;
  /** Stops, and ends every connection, whatever hangs on it. */
  close(): Promise<void>;
}

const hourSeconds = 3600;

/**
 * Starts a sandbox. Several may run in one process; they share nothing that changes.
 * @throws Error with code EADDRINUSE when the port is taken
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
  for (const rule of presetRules(presets, options.dailyLimits)) faults.add(rule);
  const tokens = createTokens(tokenLifetimeSeconds, now);
  const accepted = { clientId, clientSecret };

  const { origin, close } = await listen(port, (own) =>
    createHandler({
      origin: own,
      accepted,
      tokens,
      catalogue,
      log,
      faults,
      quotaMode: () => quotaMode,
      latencyMs,
    }),
  );

  return {
    apiUrl: origin + apiRoot,
    tokenUrl: origin + tokenPath,
    clientId,
    clientSecret,
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
  const unknown = names.find((name) => !isPresetName(name));
  if (unknown !== undefined) {
    throw new Error(
      `There is no preset ${JSON.stringify(unknown)}. The presets are ${presetNames.join(', ')}.`,
    );
  }
  return names;
}
