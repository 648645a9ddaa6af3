import { isIP, isIPv6 } from 'node:net';

const label = '[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?';
const hostName = new RegExp(`^(${label}\\.)*${label}\\.?$`, 'i');
const maxCharacters = 253; // of a name in DNS
const maxPort = 65_535;

/** Whether the text is a host name or an IP address, without a port. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || (text.length <= maxCharacters && hostName.test(text));
}

/** Whether the text is the value of a Host header: a host name or an IP address, with or without a port. */
export function isHostHeader(text: string): boolean {
  const [, address, name = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isKnownForm = address === undefined ? isHost(name) : isIPv6(address);
  return isKnownForm && Number(port) <= maxPort;
}
