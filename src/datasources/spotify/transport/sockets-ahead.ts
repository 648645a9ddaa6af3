import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

export type Connector = buildConnector.connector;

interface SocketAhead {
  origin: string;
  /** Hands the socket over; null if it could not be opened, or was closed. */
  take(): Promise<Socket | null>;
  close(): void;
}

const count = 2; // a typical first operation reads an artist and a page of albums

/**
 * Opens sockets before there is a request: the first calls of a process wait for a token, and their sockets open meanwhile.
 * @param keepMs how long a socket waits for a request
 */
export function createSocketsAhead(connector: Connector, keepMs: number) {
  let waiting: SocketAhead[] = [];

  /** Takes a socket that was opened ahead, or opens one. */
  const connect: Connector = (options, callback) => {
    const ahead = waiting.find(({ origin }) => origin === `${options.protocol}//${options.host}`);
    if (!ahead) return connector(options, callback);
    waiting = waiting.filter((waitingSocket) => waitingSocket !== ahead);
    void ahead.take().then((socket) => (socket ? callback(null, socket) : connector(options, callback)));
  };

  return {
    connect,
    /** Opens sockets, unless some are waiting already. Without a request they are closed after a time. */
    open(origin: URL): void {
      if (waiting.length > 0) return;
      const opened = Array.from({ length: count }, () => openSocket(connector, origin));
      waiting = opened;
      setTimeout(() => {
        for (const waitingSocket of waiting) if (opened.includes(waitingSocket)) waitingSocket.close();
        waiting = waiting.filter((each) => !opened.includes(each));
      }, keepMs).unref();
    },
    close(): void {
      for (const waitingSocket of waiting) waitingSocket.close();
      waiting = [];
    },
  };
}

/** Opens a socket that keeps no process alive. */
function openSocket(connector: Connector, { protocol, hostname, host, port, origin }: URL): SocketAhead {
  let opened: Socket | undefined;
  let isClosed = false;

  function close(): void {
    isClosed = true;
    opened?.destroy();
  }

  const whenOpened = new Promise<void>((resolve) => {
    const address = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port };
    connector(address, (error, socket) => {
      if (error) isClosed = true;
      else {
        opened = socket.unref();
        socket.on('error', close);
        socket.on('readable', close); // before a request, this is the end that the server sends
        if (isClosed) close();
      }
      resolve();
    });
  });

  return {
    origin,
    async take() {
      await whenOpened;
      if (!opened || isClosed) return null;
      return opened.off('error', close).off('readable', close).ref();
    },
    close,
  };
}
