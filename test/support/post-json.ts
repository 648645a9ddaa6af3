/** A POST with a JSON body, such as an operation. */
export const postJson = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** The POST of an operation whose response contains its trace. */
export const postTraced = (operation: { query: string; variables: unknown }): RequestInit =>
  postJson(operation, { accept: 'application/graphql-response+json', 'x-spotify-trace': '1' });
