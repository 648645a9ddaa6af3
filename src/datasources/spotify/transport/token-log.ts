import type { GatewayError } from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import type { Outcome } from './http.ts';
import { type CredentialsRejected, correctionOf } from './token-response.ts';

const warnEveryMs = 60_000; // probes of `/ready` cause a request every few seconds, each of which fails during an outage

const noTokenMessage =
  'Spotify has sent no token; without a valid one, no call can be sent. The next request tries again. Check the network, HTTPS_PROXY and SPOTIFY_TOKEN_URL';

const rateLimitMessage =
  'Spotify limits the rate of token requests; without a valid token, no call can be sent. The next request after the back-off tries again. Check whether many processes or restarts request tokens with these credentials';

const tokenRejectedMessage =
  'Spotify rejects the token that it has just issued; without a valid one, no call succeeds. The next request tries again. Check that SPOTIFY_TOKEN_URL and SPOTIFY_API_URL belong together, and that no proxy removes the Authorization header';

const sentAgain = 'Spotify sends tokens again';

/**
 * The log of the token: during an outage one warning a minute, and one line when Spotify sends a token again. While Spotify
 * rejects its own tokens, also one warning a minute.
 */
export function createTokenLog(log: Log, credentials: { clientId: string; clientSecret: string }) {
  const isMissingDue = everyMinute();
  const isTokenRejectedDue = everyMinute();
  let isMissing = false; // as the log states it

  return {
    rejected(error: CredentialsRejected): void {
      isMissing = true;
      log.error(rejectionFields(error, credentials), rejectedMessage(error));
    },
    /** @param outcome that of the last attempt */
    missing({ code }: GatewayError, outcome: Outcome | undefined): void {
      if (!isMissingDue()) return;
      isMissing = true;
      const isRateLimited = outcome?.kind === 'response' && outcome.status === 429;
      log.warn({ code, reason: reasonOf(outcome) }, isRateLimited ? rateLimitMessage : noTokenMessage);
    },
    /** Spotify rejects calls with a token that it has just issued. */
    tokenRejected({ code }: GatewayError): void {
      if (isTokenRejectedDue()) log.warn({ code }, tokenRejectedMessage);
    },
    received(): void {
      if (isMissing) log.info({}, sentAgain);
      isMissing = false;
    },
  };
}

/** @returns whether a minute has passed since the function last returned true */
function everyMinute(): () => boolean {
  let nextMs = 0;
  return () => {
    const nowMs = performance.now();
    const isDue = nowMs >= nextMs;
    if (isDue) nextMs = nowMs + warnEveryMs;
    return isDue;
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
