import { setTimeout as wait } from 'node:timers/promises';

const maxAttempts = 5;

/** A gateway that is too busy says when to ask again, and has asked nothing of Spotify. */
export async function patientFetch(url, init) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, init);
    const seconds = Number(response.headers.get('retry-after'));
    if (response.status !== 503 || !seconds || attempt === maxAttempts) return response;
    await response.body?.cancel();
    await wait(seconds * 1000, undefined, { signal: init.signal });
  }
}
