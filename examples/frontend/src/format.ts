/** Numbers and dates as people write them. */

const minuteSeconds = 60;
const hourSeconds = 3_600;

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** `3:07`, or `1:02:33` */
export function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const hours = Math.floor(seconds / hourSeconds);
  const minutes = Math.floor((seconds % hourSeconds) / minuteSeconds);
  const rest = twoDigits(seconds % minuteSeconds);
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** How long to wait, less than an hour: `12 s`, `4 min` */
export function wait(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  return `${Math.ceil(seconds / minuteSeconds)} min`;
}

/** `today at 13:00`, `tomorrow at 13:00` or `on Sunday at 13:00`: rounded up to a minute, with the clock of the reader's locale. */
export function dayAndTime(timeMs: number): string {
  const minuteMs = minuteSeconds * 1_000;
  const date = new Date(Math.ceil(timeMs / minuteMs) * minuteMs);
  return `${dayOf(date)} at ${date.toLocaleTimeString([], { timeStyle: 'short' })}`;
}

function dayOf(date: Date): string {
  const today = new Date();
  const tomorrow = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1);
  if (date.toDateString() === today.toDateString()) return 'today';
  if (date.toDateString() === tomorrow.toDateString()) return 'tomorrow';
  return `on ${date.toLocaleDateString('en', { weekday: 'long' })}`; // the sentence is English in every locale
}

/** `104 albums`, `1 album` */
export const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

/** The year of a date of Spotify; null if it consists of zeros, as some labels send it. */
export function year(date: string | null | undefined): string | null {
  const digits = date?.slice(0, 4) ?? '';
  return /[1-9]/.test(digits) ? digits : null;
}

const dateFormats: Record<string, Intl.DateTimeFormatOptions> = {
  DAY: { year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' },
  MONTH: { year: 'numeric', month: 'long', timeZone: 'UTC' },
};

/** `27 April 2021`, `April 2021` or `2021`, as precise as Spotify knows it. */
export function releaseDate(
  release: { date: string | null; precision: string | null } | null,
): string | null {
  const { date = null, precision = null } = release ?? {};
  const format = dateFormats[precision ?? ''];
  const time = Date.parse(date ?? '');
  return format && !Number.isNaN(time) ? new Date(time).toLocaleDateString('en-GB', format) : year(date);
}

/** `43 min`, `2 h 5 min` */
export function playingTime(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Some objects in Spotify's catalogue have no name. */
export const title = (name: string): string => name.trim() || 'Untitled';
