import type { Reply } from '../reply.ts';
import type { Faults } from './faults.ts';
import { InvalidFaults, parseFaults } from './parse.ts';

/** The path to set faults over HTTP. It is outside of the API's root, and requests to it are not logged as calls. */
export const controlPath = '/sandbox/faults';

/**
 * Creates the fault control of a running sandbox: `POST` adds the rule or rules in its JSON body, `DELETE`
 * removes all rules. Both, and `GET`, return the active rules.
 */
export function createControl(faults: Faults) {
  const inForce = (status: number): Reply => json(status, { faults: faults.rules() });

  return (method: string, body: string): Reply => {
    switch (method) {
      case 'GET':
        return inForce(200);
      case 'DELETE':
        faults.clear();
        return inForce(200);
      case 'POST':
        try {
          for (const rule of parseFaults(body)) faults.add(rule);
          return inForce(201);
        } catch (error) {
          if (error instanceof InvalidFaults) return json(400, { error: error.message });
          throw error;
        }
      default:
        return json(405, { error: 'use GET, POST or DELETE' });
    }
  };
}

function json(status: number, value: unknown): Reply {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) };
}
