import type { World } from './fault-world.ts';

/** What a case leaves behind: secrets that were told, hosts that were called, errors that nobody handled, sockets and timers. */

const lookEveryMs = 20;
const mostLooks = 50; // in a second; on a busy machine each of them lets the event loop go on

const unhandledSeen = new Set<unknown[]>();
const noteUnhandled = (reason: unknown): void => {
  for (const seen of unhandledSeen) seen.push(reason);
};

/** Sees rejections that nobody handles, and warnings. One listener serves all cases that run side by side. */
export function watchUnhandled() {
  const seen: unknown[] = [];
  if (unhandledSeen.size === 0) {
    process.on('unhandledRejection', noteUnhandled);
    process.on('warning', noteUnhandled);
  }
  unhandledSeen.add(seen);
  return {
    seen,
    end() {
      unhandledSeen.delete(seen);
      if (unhandledSeen.size > 0) return;
      process.off('unhandledRejection', noteUnhandled);
      process.off('warning', noteUnhandled);
    },
  };
}

/** Secrets in what was said on any channel. */
export async function leaks(world: World): Promise<string[]> {
  const secrets = world.secrets();
  return [...(await world.heard())].flatMap(([channel, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `a secret (${secret.slice(0, 6)}…) was told in ${channel}`),
  );
}

const everybodys = new Set<string>(); // cases that run side by side see each other's calls

/** Tells that a case may call these. */
export const permit = (hosts: Iterable<string>): void => {
  for (const host of hosts) everybodys.add(host);
};

/** Connections and requests to anybody but the configured two. */
export function strangers({ network, allowed }: World): string[] {
  permit(allowed);
  const called = [
    ...network.connections().map(({ host, port }) => `${host}:${port}`),
    ...network.requests().map(({ origin }) => {
      const { hostname, port, protocol } = new URL(origin);
      return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
    }),
  ];
  return [...new Set(called.filter((host) => !everybodys.has(host)))].map((host) => `${host} was called`);
}

/** The app's secret is for the token endpoint alone, its token for the Web API alone. */
export function misdirected({ network, allowed }: World): string[] {
  const own = network.requests().filter(({ origin }) => allowed.has(new URL(origin).host));
  return own.flatMap(({ scheme, path }) => {
    const isToken = path.startsWith('/api/token');
    const right = isToken ? scheme === 'Basic' : scheme === 'Bearer';
    return right ? [] : [`${scheme || 'no'} authorization was sent to ${path.split('?')[0]}`];
  });
}

/** How many things of each kind keep this process busy. */
export function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What is left over a moment after the end, compared to the beginning. */
export async function leakedHandles(before: Map<string, number>): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const found = [...resources()].flatMap(([name, count]) => {
      const usual = before.get(name) ?? 0;
      return count > usual ? [`${count - usual} ${name} left over`] : [];
    });
    if (found.length === 0 || looks > mostLooks) return found;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref());
  }
}

/** Sockets of this case to Spotify that are still open. */
export async function openSockets({ network, allowed }: World): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const open = network
      .connections()
      .filter(({ host, port, socket }) => allowed.has(`${host}:${port}`) && !socket.destroyed);
    if (open.length === 0 || looks > mostLooks) {
      return open.map(({ host, port }) => `a socket to ${host}:${port} is still open`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
