import { setTimeout as wait } from 'node:timers/promises';

const maxAttempts = 5;

/** `fetch` that repeats a request when an overloaded gateway responds with 503 and `Retry-After`. */
export async function patientFetch(url, init) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, init);
    const seconds = Number(response.headers.get('retry-after'));
    if (response.status !== 503 || !seconds || attempt === maxAttempts) return response;
    await response.body?.cancel();
    await wait(seconds * 1000, undefined, { signal: init.signal });
  }
}
