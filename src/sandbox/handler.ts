import type { IncomingHttpHeaders } from 'node:http';
import { createApi } from './api/api.ts';
import { familyOf, otherFamily } from './api/route.ts';
import { findRoute } from './api/routes.ts';
import type { CallLog, SandboxCall } from './calls.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { createDelivery } from './delivery.ts';
import { controlPath, createControl } from './faults/control.ts';
import type { FaultStore } from './faults/faults.ts';
import { plainPlan } from './faults/plan.ts';
import { type QuotaMode, usualConditions } from './quota-mode.ts';
import { preflightReply } from './reply.ts';
import { type Handler, readBody } from './server.ts';
import { type Credentials, createTokenEndpoint } from './token-endpoint.ts';
import type { Tokens } from './tokens.ts';

/** Where things are below the origin, as with Spotify (which has an origin for each of the two). */
export const apiRoot = '/v1';
export const tokenPath = '/api/token';

export interface HandlerParts {
  origin: string;
  accepted: Credentials;
  tokens: Tokens;
  catalogue: Catalogue;
  log: CallLog;
  faults: FaultStore;
  /** The mode that counts for a call that arrives now. */
  quotaMode: () => QuotaMode;
  latencyMs: number;
}

/** Makes the function that takes every request from its arrival to the last byte of its answer. */
export function createHandler(parts: HandlerParts): Handler {
  const { origin, accepted, tokens, catalogue, log, faults, quotaMode, latencyMs } = parts;
  const answerApi = createApi({ catalogue, tokens, apiUrl: origin + apiRoot });
  const answerToken = createTokenEndpoint(accepted, tokens);
  const control = createControl(faults);
  const deliver = createDelivery();

  return async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    if (url === controlPath) {
      const reply = control(method, await readBody(request));
      return deliver(response, reply, { delayMs: 0, way: { kind: 'whole' } });
    }

    const target = readTarget(url);
    const call = log.note({ ...target, method, headers: plainHeaders(headers) });
    const onStatus = (status: number) => {
      call.status = status;
    };
    // A browser's preflight needs no token, and no fault or quota is about it.
    if (method === 'OPTIONS') {
      const reply = preflightReply(target.kind, headers.origin);
      return deliver(response, reply, { delayMs: latencyMs, way: { kind: 'whole' } }, onStatus);
    }
    const plan = faults.afflict(plainPlan(usualConditions(quotaMode()), latencyMs), target);
    const answer = async () =>
      target.kind === 'token'
        ? answerToken({ method, headers, body: await readBody(request) })
        : answerApi({ method, url, headers }, plan.conditions);

    const truth = plan.reply ?? (await answer());
    const reply = plan.changes.reduce((changed, change) => change(changed), truth);
    return deliver(response, reply, plan.delivery, onStatus);
  };
}

/** Which service a URL is for, and where in it. What belongs to neither is a call of the Web API that will fail. */
function readTarget(url: string): Pick<SandboxCall, 'kind' | 'path' | 'route'> {
  const [pathname = ''] = url.split('?');
  if (pathname === tokenPath) return { kind: 'token', path: url, route: 'token' };
  if (!pathname.startsWith(`${apiRoot}/`)) return { kind: 'api', path: url, route: otherFamily };
  const found = findRoute(pathname.slice(apiRoot.length));
  const route = found ? familyOf(found.route) : otherFamily;
  return { kind: 'api', path: url.slice(apiRoot.length), route };
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
