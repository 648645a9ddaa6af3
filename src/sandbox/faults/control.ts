import type { Reply } from '../reply.ts';
import type { Faults } from './faults.ts';
import { InvalidFaults, parseFaults } from './parse.ts';

/** Where faults are set over HTTP; beside the API, not below it, and not logged as a call. */
export const controlPath = '/sandbox/faults';

/**
 * Makes the control of a running sandbox: `POST` adds the rule or rules in its JSON body, `DELETE`
 * takes all away, and each of them, like `GET`, answers with the rules that are in force.
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
