import { Redis } from 'ioredis';

/** The server's own client of Redis. Without Redis, its commands fail at once, and the log says so once. */
export function createRedis(url, log) {
  const redis = new Redis(url, { enableOfflineQueue: false });
  let isLost = false;
  redis.on('error', ({ code }) => {
    if (!isLost) log.warn({ code }, 'no Redis: visits are not counted until it responds');
    isLost = true;
  });
  redis.on('ready', () => {
    isLost = false;
  });
  return redis;
}
