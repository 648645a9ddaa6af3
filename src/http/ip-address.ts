/** As `isIPv6` of node:net, a module that some hosts do not have. */
export const isIPv6 = (text: string): boolean =>
  text.includes(':') && characters.test(text) && URL.canParse(`http://[${text.replace(/%.*/, '')}]`);

const characters = /^[\da-f:.]+(%[\w.:-]+)?$/i;
