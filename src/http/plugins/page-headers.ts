/** What a page may load, in the words of a Content-Security-Policy; everything else is forbidden. */
export interface PagePolicy {
  scripts?: readonly string[];
  styles?: readonly string[];
  workers?: readonly string[];
  connects?: readonly string[];
}

/** Headers of a page for browsers: no other site may frame it, and it loads nothing from another host. */
export function pageHeaders({ scripts, styles, workers, connects }: PagePolicy = {}): Record<string, string> {
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
