import { DurableObject } from 'cloudflare:workers';
import { createWorkerGateway, readConfig } from '../../dist/worker.js';

/** One gateway for all requests, because they share calls and limits. */
export class Gateway extends DurableObject {
  #gateway = createWorkerGateway(readConfig(this.env).gateway);

  fetch(request) {
    return this.#gateway.fetch(request);
  }
}

export default {
  fetch: (request, { GATEWAY }) => GATEWAY.get(GATEWAY.idFromName('gateway')).fetch(request),
};
