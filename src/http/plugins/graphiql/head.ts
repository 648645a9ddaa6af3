import { traceHeader } from '../../../operation/trace.ts';
import { costLine } from './cost-line.ts';
import { sendScript } from './send.ts';
import { storageScript } from './storage.ts';

/**
 * The part of the page of GraphiQL that the gateway adds: a line below the editors with the calls of the latest operation
 * and the rest of its daily quota, from `extensions.spotify`; a layout for narrow screens; and a fetcher that sends the
 * text of the editor as it is, so that the locations of errors are those in the editor.
 */

const barHeight = '44px'; // two lines

// GraphiQL moves a tab while it is pressed, as if it were dragged, and so loses the click.
const style = `
  .graphiql-tab { transform: none !important; }
  :root { --bar: ${barHeight}; }
  #root { height: calc(100vh - var(--bar)) !important; height: calc(100dvh - var(--bar)) !important; }
  #root .graphiql-container { height: 100%; }
  #root .graphiql-tabs { gap: 4px; }
  #root .graphiql-tab > button:first-child { padding-left: 10px; }
  #root .graphiql-tab:not(.graphiql-tab-active) > button:first-child { padding-right: 10px; }
  #root .graphiql-logo { flex-shrink: 0; }
  #root .graphiql-logo span { display: block; width: 11em; font-size: 14px; line-height: 1.3; margin-left: 8px; }
  #root .graphiql-doc-explorer-search:not(:focus-within) [role=combobox] { width: 8ch; }
  #cost {
    position: fixed; inset: auto 0 0 0; height: var(--bar); padding: 0 16px; z-index: 10; box-sizing: border-box;
    font: 13px/18px system-ui, sans-serif; color: #fff; background: #1f3a2c;
    display: flex; align-items: safe center; overflow: hidden;
  }
  @media (max-width: 700px) {
    :root { --bar: 80px; }
    #cost { padding: 4px 8px; }
    #root .graphiql-logo { display: none; }
    #graphiql-session { flex-direction: column; padding-top: 0; overflow-y: auto; }
    #graphiql-session > div { flex: 1 0 50% !important; min-height: 340px; min-width: 0 !important; }
    #graphiql-session > .graphiql-horizontal-drag-bar { display: none; }
  }`;

export interface HeadOptions {
  isSandbox: boolean;
  /** Whether the gateway executes trusted documents only, so that it rejects the operations of the editor. */
  isTrustedOnly: boolean;
}

const script = ({ isSandbox, isTrustedOnly }: HeadOptions): string => `{
${storageScript(isSandbox)}
${costLine(isTrustedOnly)}
  // The text in the editor keeps its position while the docs are open.
  addEventListener('click', ({ target }) => {
    const link = target.closest?.('a[href]:not([href^="#"])');
    if (link) Object.assign(link, { target: '_blank', rel: 'noopener' });
  }, true);

  // The schema is shown without the parts that only a parent graph uses; they can still be selected.
  const isShown = ({ name }) => !/^_[^_]/.test(name) && name !== 'merge';
  const shownSchema = ({ types, directives, ...schema }) => ({
    ...schema,
    types: types
      .filter(isShown)
      .map((type) => ({ ...type, fields: type.fields && type.fields.filter(isShown) })),
    directives: directives.filter(isShown),
  });

${sendScript}

  // For a moment after a change of tabs GraphiQL names the operation of the tab before.
  const isIn = (query, name) => {
    const words = query.match(/[_0-9A-Za-z]+/g) ?? [];
    return words.some((word, at) => word === name && ['query', 'mutation', 'subscription'].includes(words[at - 1]));
  };
  const withoutOldName = ({ operationName: name, ...request }) =>
    name && isIn(request.query, name) ? { ...request, operationName: name } : request;

  // With the header for a plan, which the active tab may have, the response would have no schema.
  const sendForSchema = async (request, editorHeaders) => {
    const headers = headersWith(editorHeaders);
    headers.delete('${traceHeader}');
    const result = await send(request, headers);
    const schema = result.data?.__schema;
    return schema ? { data: { __schema: shownSchema(schema) } } : result;
  };

  let latest; // The line shows the cost of the operation that was run last, even if another tab's response comes later.
  window.gatewayFetcher = async (request, options) => {
    if (request.operationName === 'IntrospectionQuery') return sendForSchema(request, options?.headers);
    latest = request;
    const rejected = (message) => {
      showCost({});
      return { errors: [{ message }] };
    };
    if (request.query.trim() === '') return rejected('The editor is empty: write an operation, or choose one of the tabs.');
    let headers;
    try {
      headers = headersWith(options?.headers);
    } catch (error) {
      return rejected(error.message);
    }
    show('Running …');
    try {
      const result = await send(withoutOldName(request), headers);
      if (request === latest) showCost(result);
      return result;
    } catch (error) {
      if (request === latest) show('No response: the number of Spotify calls is not known.');
      throw error;
    }
  };
}`;

/**
 * HTML for the head of the page. It must come before the script of GraphiQL, which uses `gatewayFetcher` and
 * `gatewayStorage`.
 */
export const graphiqlHead = (options: HeadOptions): string => `
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <style>${style}
  </style>
  <script>${script(options)}
  </script>`;
