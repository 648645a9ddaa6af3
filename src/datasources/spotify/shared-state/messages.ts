import type { SharedStore } from './shared-store.ts';

/** Topics with their latest message, as processes exchange them. */

export const maxTopicChars = 200;
export const maxMessageChars = 2_000; // the longest has 40 removed ids with their times
export const maxTopics = 1_000; // of one app: 256 of removed ids, and one for each capability, endpoint family and limit
// As long as a response is stored by default. A learned daily limit is still valid then, also if no process has run; other
// messages end sooner, by the times that they contain.
export const messageLifeMs = 8 * 24 * 3_600_000;

export type MessageListener = (topic: string, message: unknown) => void;

/** The content of a message: untrusted. */
export type Message = Readonly<Record<string, unknown>>;

/**
 * The latest message of each topic, and those of this process that it has not received back. The stores send and receive
 * messages; this delivers them to the listeners.
 */
export function createMessages() {
  const listeners = new Set<MessageListener>();
  const latest = new Map<string, { text: string; untilMs: number }>();
  const undelivered = new Map<string, { text: string; before: string | undefined }>(); // with the message before it, if known

  function remember(topic: string, text: string): void {
    latest.delete(topic); // a Map keeps the order of insertion: the topic is now the latest, and the oldest is deleted
    latest.set(topic, { text, untilMs: Date.now() + messageLifeMs });
    const [oldest] = latest.keys();
    if (latest.size > maxTopics && oldest !== undefined) latest.delete(oldest);
  }

  /** A message has been delivered: the undelivered one of its topic itself, or another one. */
  function confirmDelivery(topic: string, text: string): void {
    const undeliveredMessage = undelivered.get(topic);
    const isOther = undeliveredMessage?.before !== undefined && undeliveredMessage.before !== text;
    if (undeliveredMessage?.text === text || isOther) undelivered.delete(topic);
  }

  return {
    /** Remembers a message that this process sends, because the store may lose it. */
    rememberSent(topic: string, text: string): void {
      const before = undelivered.has(topic) ? undelivered.get(topic)?.before : latest.get(topic)?.text;
      undelivered.set(topic, { text, before });
      remember(topic, text);
    },
    /**
     * The messages of this process that have not been delivered to it, because the store did not respond: they are to be sent
     * again. A message that another process has sent to the topic meanwhile takes their place.
     */
    undelivered: (): [topic: string, text: string][] =>
      Array.from(undelivered, ([topic, { text }]) => [topic, text]),
    /** The latest message of each topic, of those that the store keeps. */
    latest: (): [topic: string, text: string][] =>
      [...latest].flatMap(([topic, { text, untilMs }]) => (Date.now() < untilMs ? [[topic, text]] : [])),
    subscribe: (listener: MessageListener): void => void listeners.add(listener),
    /** Calls the listeners; a message that is too long or not JSON is not delivered, because the store is untrusted. */
    deliver(topic: string, text: string): void {
      const isTooLong = topic.length > maxTopicChars || text.length > maxMessageChars;
      const message = isTooLong ? undefined : parse(text);
      if (message === undefined) return;
      confirmDelivery(topic, text);
      remember(topic, text);
      for (const listener of listeners) listener(topic, message);
    },
  };
}

/**
 * Calls back with the messages about a subject, whose topics are `subject` or `subject:name`; without a name it is empty.
 * @param store undefined if nothing is shared
 */
export function subscribeTo(
  store: Pick<SharedStore, 'subscribe'> | undefined,
  subject: string,
  listener: (message: Message, name: string) => void,
): void {
  store?.subscribe((topic, message) => {
    const [topicSubject, name = ''] = topic.split(':');
    if (topicSubject !== subject || typeof message !== 'object' || message === null) return;
    listener(message as Message, name);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not written by a gateway
  }
}
