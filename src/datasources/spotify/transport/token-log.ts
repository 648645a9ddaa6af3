import type { GatewayError } from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import type { Outcome } from './http.ts';
import { type CredentialsRejected, correctionOf } from './token-response.ts';

const warnEveryMs = 60_000; // probes of `/ready` cause a request every few seconds, each of which fails during an outage

const noTokenMessage =
  'Spotify has sent no token; without a valid one, no call can be sent. The next request tries again. Check the network, HTTPS_PROXY and SPOTIFY_TOKEN_URL';

const sentAgain = 'Spotify sends tokens again';

/** The log of the token: during an outage one warning a minute, and one line when Spotify sends a token again. */
export function createTokenLog(log: Log, credentials: { clientId: string; clientSecret: string }) {
  let nextWarningMs = 0;
  let isMissing = false; // as the log states it

  return {
    rejected(error: CredentialsRejected): void {
      isMissing = true;
      log.error(rejectionFields(error, credentials), rejectedMessage(error));
    },
    /** @param outcome that of the last attempt */
    missing({ code }: GatewayError, outcome: Outcome | undefined): void {
      const nowMs = performance.now();
      if (nowMs < nextWarningMs) return;
      nextWarningMs = nowMs + warnEveryMs;
      isMissing = true;
      log.warn({ code, reason: reasonOf(outcome) }, noTokenMessage);
    },
    received(): void {
      if (isMissing) log.info({}, sentAgain);
      isMissing = false;
    },
  };
}

/** Such as `ECONNREFUSED` or `status 503`. */
const reasonOf = (outcome: Outcome | undefined): string | undefined =>
  outcome?.kind === 'fault' ? outcome.code : outcome && `status ${outcome.status}`;

const rejectedMessage = ({ reason }: CredentialsRejected): string =>
  `Spotify rejects SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET. ${correctionOf(reason)}, then start again`;

/** The reason is left out if it repeats a credential. */
function rejectionFields(
  { code, reason }: CredentialsRejected,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
) {
  const isSafe = ![clientId, clientSecret].some((secret) => reason.includes(secret));
  return isSafe ? { code, reason } : { code };
}
