import { hostOf, type TestEnvironment } from './fault-environment.ts';

/** Finds leaks of a case: secrets in output, calls to other hosts, unhandled rejections, sockets and timers. */

const pollMs = 20;
const maxPolls = 50; // one second; polls instead of one wait, because a busy event loop needs turns to close handles

const recorders = new Set<unknown[]>();
const recordUnhandled = (reason: unknown): void => {
  for (const recorder of recorders) recorder.push(reason);
};

/** Records unhandled rejections and warnings. All concurrent cases share one listener. */
export function watchUnhandled() {
  const unhandled: unknown[] = [];
  if (recorders.size === 0) {
    process.on('unhandledRejection', recordUnhandled);
    process.on('warning', recordUnhandled);
  }
  recorders.add(unhandled);
  return {
    seen: unhandled,
    end() {
      recorders.delete(unhandled);
      if (recorders.size > 0) return;
      process.off('unhandledRejection', recordUnhandled);
      process.off('warning', recordUnhandled);
    },
  };
}

/** Secrets in the output of any channel. */
export async function leaks(testEnvironment: TestEnvironment): Promise<string[]> {
  const secrets = testEnvironment.secrets();
  return [...(await testEnvironment.heard())].flatMap(([channel, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `a secret (${secret.slice(0, 6)}…) was found in ${channel}`),
  );
}

const allowedHosts = new Set<string>(); // of all cases, because concurrent cases see each other's calls

/** Allows calls to these hosts. */
export const allowHosts = (hosts: Iterable<string>): void => {
  for (const host of hosts) allowedHosts.add(host);
};

/** Connections and requests to hosts that are not allowed. */
export function callsToOtherHosts({ network, allowed }: TestEnvironment): string[] {
  allowHosts(allowed);
  const called = [
    ...network.connections().map(({ host, port }) => `${host}:${port}`),
    ...network.requests().map(({ origin }) => hostOf(origin)),
  ];
  return [...new Set(called.filter((host) => !allowedHosts.has(host)))].map((host) => `${host} was called`);
}

/** Credentials sent to the wrong endpoint: the app's secret is only for the token endpoint, the token only for the Web API. */
export function misdirected({ network, allowed }: TestEnvironment): string[] {
  const requests = network.requests().filter(({ origin }) => allowed.has(hostOf(origin)));
  return requests.flatMap(({ scheme, path }) => {
    const isToken = path.startsWith('/api/token');
    const isExpected = isToken ? scheme === 'Basic' : scheme === 'Bearer';
    return isExpected ? [] : [`${scheme || 'no'} authorization was sent to ${path.split('?')[0]}`];
  });
}

/** The number of active resources of this process by type. */
export function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The resources that are active in addition to those before the case, and do not end within a second. */
export async function leakedHandles(before: Map<string, number>): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const found = [...resources()].flatMap(([name, count]) => {
      const countBefore = before.get(name) ?? 0;
      return count > countBefore ? [`${count - countBefore} ${name} left over`] : [];
    });
    if (found.length === 0 || looks > maxPolls) return found;
    await new Promise((resolve) => setTimeout(resolve, pollMs).unref());
  }
}

/** Sockets of this case to Spotify that do not close within a second. */
export async function openSockets({ network, allowed }: TestEnvironment): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const open = network
      .connections()
      .filter(({ host, port, socket }) => allowed.has(`${host}:${port}`) && !socket.destroyed);
    if (open.length === 0 || looks > maxPolls) {
      return open.map(({ host, port }) => `a socket to ${host}:${port} is still open`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
