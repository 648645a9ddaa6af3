/**
 * The part of the page of GraphiQL that the gateway adds: a line below the editors with the calls of the latest operation
 * and the rest of its daily quota, from `extensions.spotify`.
 */

const barHeight = '28px';

// GraphiQL moves a tab while it is pressed, as if it were dragged, and so loses the click.
const style = `
  .graphiql-tab { transform: none !important; }
  #root { height: calc(100vh - ${barHeight}) !important; }
  #cost {
    position: fixed; inset: auto 0 0 0; height: ${barHeight}; padding: 0 16px; z-index: 10;
    font: 13px/${barHeight} system-ui, sans-serif; color: #fff; background: #1f3a2c;
    white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  }`;

const script = `{
  const bar = document.createElement('div');
  bar.id = 'cost';
  bar.setAttribute('role', 'status');
  bar.setAttribute('aria-label', 'Cost');
  bar.textContent = 'Run an operation to see its Spotify calls and what is left of the daily quota.';
  addEventListener('DOMContentLoaded', () => document.body.append(bar));

  const leftOf = ({ family, limit, remaining }) =>
    family + (limit === null ? ' without a known limit' : ' ' + (remaining ?? limit) + ' of ' + limit);

  const show = ({ extensions }) => {
    const { plannedCalls, actualCalls, cacheHits, quota } = extensions?.spotify ?? {};
    if (actualCalls === undefined) return;
    const cost = 'Spotify calls: ' + actualCalls + ' (planned ' + plannedCalls + ', from the cache ' + cacheHits + ').';
    const left = quota?.length ? ' Left of the daily quota: ' + quota.map(leftOf).join(', ') + '.' : '';
    bar.textContent = bar.title = cost + left;
  };

  const send = window.fetch;
  window.fetch = async (...request) => {
    const response = await send(...request);
    const isIntrospection = String(request[1]?.body).includes('"operationName":"IntrospectionQuery"');
    if (!isIntrospection) response.clone().json().then(show, () => undefined);
    return response;
  };
}`;

/** HTML for the head of the page. It must come before the script of GraphiQL, which takes `fetch` from the page. */
export const graphiqlHead = `
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <style>${style}
  </style>
  <script>${script}
  </script>`;
