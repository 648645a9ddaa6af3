import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { catalogue } from './catalogue.ts';
import { type OnEnd, onTestEnd } from './test-end.ts';

export type Environment = Readonly<Record<string, string>>;

/** What a gateway has to know of the Spotify behind it. */
export interface Upstream {
  apiUrl: string;
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
}

/** A sandbox in this process, which ends with the test. */
export async function startUpstream(
  options: SandboxOptions = {},
  onEnd: OnEnd = onTestEnd,
): Promise<Sandbox> {
  const sandbox = await startSandbox({ catalogue, ...options });
  onEnd(sandbox.close);
  return sandbox;
}

/** The configuration of a gateway with this upstream. */
export const upstreamOf = ({ apiUrl, tokenUrl, clientId, clientSecret }: Upstream): Environment => ({
  SPOTIFY_API_URL: apiUrl,
  SPOTIFY_TOKEN_URL: tokenUrl,
  SPOTIFY_CLIENT_ID: clientId,
  SPOTIFY_CLIENT_SECRET: clientSecret,
});
