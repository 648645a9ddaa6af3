import { traceHeader } from '../../../operation/trace.ts';

/**
 * A script for the head of GraphiQL: `headersWith` adds the headers of the editor to those of the page, and `send` sends
 * an operation. Both throw an Error whose message is shown in place of the result.
 */
export const sendScript = `
  // Names of headers have no case, so a header of the editor replaces that of the page in any case.
  const headersWith = (editorHeaders) => {
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      '${traceHeader}': '1',
    });
    for (const [name, value] of Object.entries(editorHeaders ?? {})) {
      try {
        headers.set(name, value);
      } catch {
        throw new Error('HTTP cannot send the header ' + JSON.stringify(name) + ' with its value: correct it under "Headers".');
      }
    }
    return headers;
  };

  const send = async (request, headers) => {
    const body = JSON.stringify(request);
    const response = await fetch(location.pathname, { method: 'POST', headers, body }).catch(() => {
      throw new Error('The gateway does not respond. Is it still running?');
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new Error('The response with the status ' + response.status + ' is not JSON. Does a proxy respond in place of the gateway?');
    }
  };`;
