import type { RequestListener } from 'node:http';
import type { Log } from '../observability/log.ts';
import type { Readiness } from './readiness.ts';
import { pathOf } from './request-target.ts';

export interface OperatorOptions {
  metrics: { path: string; contentType: string; text(): Promise<string> };
  readiness: Readiness;
  log: Log;
}

interface TextResponse {
  status: number;
  text: string;
  contentType?: string;
}

/** The listener of the operator's port: metrics, health and readiness, at paths that are compared as they were sent. */
export function createOperatorListener(options: OperatorOptions): RequestListener {
  const { metrics, readiness, log } = options;
  const routes = new Map<string, () => Promise<TextResponse>>([
    ['/health', async () => ({ status: 200, text: 'alive' })],
    ['/ready', readiness],
    [
      metrics.path,
      async () => ({ status: 200, text: await metrics.text(), contentType: metrics.contentType }),
    ],
  ]);

  async function respond(url: string): Promise<TextResponse> {
    try {
      return (await routes.get(pathOf(url))?.()) ?? { status: 404, text: '' };
    } catch (err) {
      log.error({ err }, 'bug in an operator route');
      return { status: 500, text: '' };
    }
  }

  return async ({ url = '' }, response) => {
    const { status, text, contentType: type = 'text/plain; charset=utf-8' } = await respond(url);
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
  };
}
