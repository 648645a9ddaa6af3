const label = '[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?';
const hostName = new RegExp(`^(${label}\\.)*${label}\\.?$`, 'i');
const maxCharacters = 253; // of a name in DNS
const maxPort = 65_535;

/** Whether the text is a host name or an IP address, without a port. */
export function isHost(text: string): boolean {
  return isIPv6(text) || (text.length <= maxCharacters && hostName.test(text)); // an IPv4 address has the form of a name
}

/** Whether the text is the value of a Host header: a host name or an IP address, with or without a port. */
export function isHostHeader(text: string): boolean {
  const [, address, name = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isKnownForm = address === undefined ? isHost(name) : isIPv6(address);
  return isKnownForm && Number(port) <= maxPort;
}

/** As `isIPv6` of node:net, a module that some hosts do not have. */
export const isIPv6 = (text: string): boolean =>
  text.includes(':') && characters.test(text) && URL.canParse(`http://[${text.replace(/%.*/, '')}]`);

const characters = /^[\da-f:.]+(%[\w.:-]+)?$/i;
