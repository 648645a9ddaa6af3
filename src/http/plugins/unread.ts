import type { ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../../errors.ts';
import { overloaded } from '../../operation/admission.ts';
import type { UnreadResponses } from '../unread-responses.ts';
import { errorResponse } from './error-response.ts';

/** Bounds the responses that yoga writes and that clients do not read. */
export function useUnread(unread: UnreadResponses, onRejected: (code: ErrorCode) => void): Plugin {
  return {
    onResponse({ response, setResponse, serverContext, fetchAPI }) {
      const { res } = serverContext as { res?: ServerResponse };
      if (!res) return; // a mounting server writes it
      const bytes = ownBytes(response);
      if (unread.hasRoom(bytes)) return unread.expect(res, bytes);
      const error = overloaded();
      onRejected(error.code);
      setResponse(errorResponse(fetchAPI, 503, error));
    },
  };
}

/** Bytes in memory for this response alone. Pages and the schema are shared by all their visitors. */
const ownBytes = ({ headers }: Response): number =>
  headers.get('content-type')?.includes('json') ? Number(headers.get('content-length') ?? 0) : 0;
