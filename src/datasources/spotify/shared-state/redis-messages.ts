import { createMessages, maxMessageChars, maxTopicChars, maxTopics, messageLifeMs } from './messages.ts';
import type { RedisClient } from './redis-client.ts';
import * as scripts from './redis-scripts.ts';

const touchEveryMs = 5_000;

/** The messages between processes: a hash keeps the latest of each topic, and its name is also that of a channel. */
export function createRedisMessages({ run }: Pick<RedisClient, 'run'>, name: string) {
  const messages = createMessages();
  const evaluate = (script: string, ...values: (string | number)[]): Promise<unknown> =>
    run((connection) => connection.eval(script, 1, name, ...values));

  function send(topic: string, text: string): void {
    void run((connection) =>
      connection
        .multi()
        .hset(name, topic, text)
        .pexpire(name, messageLifeMs)
        .publish(name, `${topic} ${text}`)
        .exec(),
    );
  }

  const publishAgain = () =>
    void evaluate(scripts.publishAgainScript, messageLifeMs, ...messages.latest().flat());

  /** A full Redis evicts first what was not used for the longest time; messages are read only when a process starts. */
  async function touch(): Promise<void> {
    const touched = await evaluate(scripts.touchMessagesScript);
    if (touched === 0 && messages.latest().length > 0) publishAgain();
  }
  const touchTimer = setInterval(touch, touchEveryMs).unref();

  return {
    publish(topic: string, message: object): void {
      const text = JSON.stringify(message);
      messages.rememberSent(topic, text);
      send(topic, text);
    },
    publishAgain,
    subscribe: messages.subscribe,
    /** To be called for each message of the channel. */
    deliver: (text: string) => messages.deliver(...topicAndMessage(text)),
    /** Delivers the stored messages, and sends those that Redis has not got. Returns whether Redis has responded. */
    async exchange(): Promise<boolean> {
      const maxima = [maxTopics, maxTopicChars, maxMessageChars];
      const stored = await evaluate(scripts.storedMessagesScript, ...maxima);
      if (!Array.isArray(stored)) return false;
      for (let i = 0; i < stored.length; i += 2) messages.deliver(String(stored[i]), String(stored[i + 1]));
      for (const [topic, text] of messages.undelivered()) send(topic, text);
      return true;
    },
    close: () => clearInterval(touchTimer),
  };
}

/** The parts of the text that `send` publishes. */
function topicAndMessage(text: string): [topic: string, message: string] {
  const [topic = ''] = text.split(' ', 1);
  return [topic, text.slice(topic.length + 1)];
}
