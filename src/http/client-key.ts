import type { IncomingMessage } from 'node:http';
import { isIPv6 } from '../host-names.ts';

/**
 * Identifies the client of a request, so that its work is charged to it alone: by the address of the connection, or by
 * the header in which a trusted proxy sends the client's address.
 */
export type IdentifyClient = (
  header: (name: string) => string | null,
  remoteAddress: string | undefined,
) => string;

/** The key of a request without a connection: a Web-standard Request of a server that mounts the gateway. */
const unknownClient = 'unknown';

const maxKeyCharacters = 64; // longer than every address

/** @param addressHeader name of the header that a trusted proxy sets; none by default */
export const createIdentifyClient =
  (addressHeader?: string): IdentifyClient =>
  (header, remoteAddress) => {
    const headerValue = addressHeader === undefined ? null : header(addressHeader);
    const address = headerValue?.split(',')[0]?.trim() || remoteAddress;
    return address === undefined ? unknownClient : networkOf(withoutPort(address.slice(0, maxKeyCharacters)));
  };

/** Some proxies send the port of the connection with the address, which differs in each connection of a client. */
function withoutPort(address: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(address) ?? [];
  return ipv6 ?? ipv4 ?? address;
}

/** An IPv6 address without its last 64 bits, which a client can choose freely. */
function networkOf(address: string): string {
  if (address.includes('.') || !isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const lastGroups = tail ? tail.split(':') : [];
  const allGroups =
    tail === undefined
      ? groups
      : [...groups, ...Array(8 - groups.length - lastGroups.length).fill('0'), ...lastGroups];
  return `${allGroups.slice(0, 4).join(':')}::/64`;
}

/** The key for a plugin of yoga, whose context has the request of node:http if there is one. */
export const clientKeyOf = ({ headers }: Request, context: object, identifyClient: IdentifyClient): string =>
  identifyClient(
    (name) => headers.get(name),
    (context as { req?: IncomingMessage }).req?.socket?.remoteAddress,
  );
