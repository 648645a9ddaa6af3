export interface Paths {
  /** The GraphQL endpoint, such as `/api/graphql`. */
  endpoint: string;
  /** The start of all other paths, which lie beside the endpoint: `/api` for `/api/graphql`, empty for `/graphql`. */
  base: string;
}

/** The last parts of the paths that other routes have. */
const routeNames = ['README.md', 'docs', 'health', 'metrics', 'purge', 'ready', 'schema.graphql'];

/**
 * @param endpoint by default `/graphql`
 * @throws Error for an endpoint that is no path, or the path of another route
 */
export function createPaths(endpoint = '/graphql'): Paths {
  const segments = endpoint.split('/').slice(1);
  const isPath =
    endpoint.startsWith('/') &&
    segments.every((segment) => /^[\w.~-]+$/.test(segment) && !/^\.+$/.test(segment));
  if (!isPath) {
    throw new Error(
      `The option "endpoint" must be a path such as "/api/graphql": a slash before each part, no slash at the end, and parts of letters, digits, "-", ".", "_" and "~". It is ${JSON.stringify(endpoint)}.`,
    );
  }
  const name = segments.at(-1) ?? '';
  if (routeNames.includes(name)) {
    throw new Error(
      `The option "endpoint" must not end with "/${name}": another route of the gateway has this path.`,
    );
  }
  return { endpoint, base: endpoint.slice(0, -name.length - 1) };
}
