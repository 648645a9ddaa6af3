import { createHash } from 'node:crypto';

/**
 * A page for browsers, without scripts.
 * @param body HTML
 * @param home the path to which the logo links; without it, the logo is not a link
 */
export const htmlPage = (title: string, body: string, home?: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${logoUrl}">
<style>${style}</style>
</head>
<body>
${home === undefined ? logo : `<a href="${home}" aria-label="Home">${logo}</a>`}
<h1>${title}</h1>
${body}
</body>
</html>
`;

const style = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 66em; margin: 3em auto; padding: 0 1em; overflow-wrap: break-word }
p, ul, ol { max-width: 44em; box-sizing: border-box }
h1 { font-size: 1.5em; margin: .5em 0 }
h2, h3 { font-size: 1.2em; margin: 1.5em 0 .5em }
pre { overflow-x: auto; padding: .7em 1em; background: #8882; border-radius: 4px }
code { font-size: .9em }
table { display: block; overflow-x: auto; border-collapse: collapse }
th, td { border: 1px solid #8886; padding: .3em .6em; text-align: left; vertical-align: top }
img { max-width: 100% }
[role=alert] { border-left: 4px solid #c0392b; padding-left: 1em }
`;

/** The sources from which a page may load, in the terms of a Content-Security-Policy; all others are forbidden. */
export interface PagePolicy {
  scripts?: readonly string[];
  styles?: readonly string[];
  workers?: readonly string[];
  connects?: readonly string[];
}

/** The policy of `htmlPage`. */
const plainPolicy: PagePolicy = {
  styles: [`'sha256-${createHash('sha256').update(style).digest('base64')}'`],
};

/** Headers of a page for browsers: no other site may frame it, and it loads nothing from another host. */
export function pageHeaders(allowed: PagePolicy = plainPolicy): Record<string, string> {
  const { scripts, styles, workers, connects } = allowed;
  const sources = (names: readonly string[] = ["'none'"]) => names.join(' ');
  const policy = [
    "default-src 'none'",
    `script-src ${sources(scripts)}`,
    `style-src ${sources(styles)}`,
    `worker-src ${sources(workers)}`,
    `connect-src ${sources(connects)}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
}

/** The gateway's logo, a record whose tracks are a graph, as SVG. It is the same on light and dark pages. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" role="img" aria-label="Logo"><rect width="32" height="32" rx="7" fill="#1f3a2c"/><circle cx="16" cy="16" r="10" fill="none" stroke="#9fd8b4" stroke-width="1.5"/><path d="M16 6 7.3 21h17.4z" fill="none" stroke="#fff" stroke-width="1.5"/><g fill="#fff"><circle cx="16" cy="6" r="2.5"/><circle cx="7.3" cy="21" r="2.5"/><circle cx="24.7" cy="21" r="2.5"/></g><circle cx="16" cy="16" r="2" fill="#9fd8b4"/></svg>`;

/** The logo as the address of an image. */
export const logoUrl = `data:image/svg+xml,${encodeURIComponent(logo)}`;
