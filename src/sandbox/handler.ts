import type { IncomingHttpHeaders } from 'node:http';
import { createApi } from './api/api.ts';
import { familyOf, otherFamily } from './api/route.ts';
import { findRoute } from './api/routes.ts';
import type { CallLog, SandboxCall } from './calls.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { controlPath, createControl } from './faults/control.ts';
import type { FaultStore } from './faults/faults.ts';
import { plainPlan } from './faults/plan.ts';
import { createPictures, picturesRoot } from './pictures/pictures.ts';
import { type QuotaMode, usualConditions } from './quota-mode.ts';
import { preflightReply } from './reply.ts';
import { type Handler, readBody } from './server.ts';
import { type Credentials, createTokenEndpoint } from './token-endpoint.ts';
import type { Tokens } from './tokens.ts';

/** The paths of the two services. Spotify has a separate origin for each. */
export const apiRoot = '/v1';
export const tokenPath = '/api/token';

export interface HandlerParts {
  origin: string;
  acceptedCredentials: Credentials;
  tokens: Tokens;
  catalogue: Catalogue;
  log: CallLog;
  faults: FaultStore;
  /** The quota mode for a call that arrives now. */
  quotaMode: () => QuotaMode;
  latencyMs: number;
}

const immediateDelivery: Delivery = { delayMs: 0, way: { kind: 'whole' } };

/** Creates the function that handles every request until the last byte of its response. */
export function createHandler(parts: HandlerParts): Handler {
  const { origin, acceptedCredentials, tokens, catalogue, log, faults, quotaMode, latencyMs } = parts;
  const replyOfApi = createApi({
    catalogue,
    apiUrl: origin + apiRoot,
    imagesUrl: origin + picturesRoot,
  });
  const replyOfTokens = createTokenEndpoint(acceptedCredentials, tokens);
  const control = createControl(faults);
  const pictures = createPictures(catalogue);
  const deliver = createDelivery();
  const usualDelivery: Delivery = { ...immediateDelivery, delayMs: latencyMs };

  return async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    if (url === controlPath) {
      const reply = control(method, await readBody(request));
      return deliver(response, reply, immediateDelivery);
    }
    if (url.startsWith(picturesRoot)) return deliver(response, pictures(method, url), immediateDelivery);

    const target = readTarget(url);
    const call = log.note({ ...target, method, headers: plainHeaders(headers) });
    const onStatus = (status: number) => {
      call.status = status;
    };
    // A browser's preflight request needs no token; faults and quotas do not apply to it.
    if (method === 'OPTIONS') {
      const reply = preflightReply(target.kind, headers.origin);
      return deliver(response, reply, usualDelivery, onStatus);
    }
    // Spotify limits an app by its client id, which only a valid token shows: no limit counts other calls, and no fault applies.
    const rejection = target.kind === 'api' ? tokens.rejectionOf(headers.authorization) : null;
    if (rejection) return deliver(response, rejection, usualDelivery, onStatus);
    const plan = faults.applyFaults(plainPlan(usualConditions(quotaMode()), latencyMs), target);
    const normalReply = async () =>
      target.kind === 'token'
        ? replyOfTokens({ method, headers, body: await readBody(request) })
        : replyOfApi({ method, url, headers }, plan.conditions);

    const unchangedReply = plan.reply ?? (await normalReply());
    const reply = plan.changes.reduce((changedReply, change) => change(changedReply), unchangedReply);
    return deliver(response, reply, plan.delivery, onStatus);
  };
}

/** The service and path of a URL. A URL of neither service is a call of the Web API, which will fail. */
function readTarget(url: string): Pick<SandboxCall, 'kind' | 'path' | 'route'> {
  const [pathname = ''] = url.split('?');
  if (pathname === tokenPath) return { kind: 'token', path: url, route: 'token' };
  if (!pathname.startsWith(`${apiRoot}/`)) return { kind: 'api', path: url, route: otherFamily };
  const routeMatch = findRoute(pathname.slice(apiRoot.length + 1));
  const route = routeMatch ? familyOf(routeMatch.route) : otherFamily;
  return { kind: 'api', path: url.slice(apiRoot.length), route };
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
