// Moments and amounts as people read them: in the reader's zone and language. Takes Dates or ISO strings, gives text.

import { t } from "./i18n.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK_DAYS = 6;
const UNITS = [["year", 365 * 24 * HOUR], ["week", 7 * 24 * HOUR], ["day", 24 * HOUR], ["hour", HOUR], ["minute", MINUTE], ["second", 1_000]];
const SIZES = [["gigabyte", 1024 ** 3], ["megabyte", 1024 ** 2], ["kilobyte", 1024]]; // as the limits are meant (chat/formats.py)
const REMEMBERED = 20_000;

let formats;

// `preferred` is "12", "24" or "locale".
export function useLocale(locale, preferred = "locale") {
  // The browser's own variant of the language knows whether the clock has 12 or 24 hours.
  const tag = navigator.languages.find((known) => known.split("-")[0] === locale) ?? locale;
  const hourCycle = { 12: "h12", 24: "h23" }[preferred];
  const format = (options) => new Intl.DateTimeFormat(tag, options.hour || options.timeStyle ? { ...options, hourCycle } : options);
  formats = {
    clock: format({ hour: "numeric", minute: "2-digit" }),
    weekday: format({ weekday: "short" }),
    day: format({ day: "numeric", month: "long" }),
    dayOfYear: format({ day: "numeric", month: "long", year: "numeric" }),
    month: format({ month: "long" }),
    monthOfYear: format({ month: "long", year: "numeric" }),
    short: format({ day: "numeric", month: "short" }),
    numeric: format({ day: "2-digit", month: "2-digit", year: "2-digit" }),
    moment: format({ day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }),
    full: format({ dateStyle: "full", timeStyle: "medium" }),
    ago: new Intl.RelativeTimeFormat(tag, { numeric: "auto" }),
    size: (unit, maximumFractionDigits) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits }),
    unit: (unit, unitDisplay) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay }),
  };
}

export const clock = remembered((at) => formats.clock.format(new Date(at)));
export const full = remembered((at) => formats.full.format(new Date(at)));

export const dateOf = (at) => formats.dayOfYear.format(new Date(at));

// A moment to come, or long ago: the clock alone when it is today.
export function moment(at, now = new Date()) {
  return (daysBetween(new Date(at), now) === 0 ? formats.clock : formats.moment).format(new Date(at));
}

export function ago(at, now = new Date()) {
  const passed = now - new Date(at);
  if (passed < HOUR) return formats.ago.format(-Math.max(0, Math.floor(passed / MINUTE)), "minute");
  if (passed < 24 * HOUR) return formats.ago.format(-Math.floor(passed / HOUR), "hour");
  return formats.ago.format(-daysBetween(new Date(at), now), "day");
}

// What is left of a length of time, in its largest unit: "9s", or in words "9 seconds". Days are more exact than weeks.
export function lasting(milliseconds, unitDisplay = "narrow") {
  const [unit, length] = UNITS.find(([unit, length]) => unit !== "week" && milliseconds >= length) ?? UNITS.at(-1);
  return formats.unit(unit, unitDisplay).format(Math.max(0, Math.floor(milliseconds / length)));
}

// One that somebody chose, in words: "30 days", not "4 weeks".
export function wholeSpan(seconds, unitDisplay = "long") {
  const [unit, length] = UNITS.find(([, length]) => (seconds * 1_000) % length === 0);
  return formats.unit(unit, unitDisplay).format((seconds * 1_000) / length);
}

// A size in bytes: "1.2 MB".
export const sizeWords = remembered((bytes) => {
  const [unit, length] = SIZES.find(([, length]) => bytes >= length) ?? SIZES.at(-1);
  const shown = bytes < 10 * length ? 1 : 0;
  return formats.size(unit, shown).format(Math.max(bytes / length, bytes ? 0.1 : 0)); // a few bytes are not none
});

// How long a sound is or has been playing, as players write it: 0:42, 1:02:03.
export function playTime(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3_600);
  return hours ? [hours, ...parts].join(":") : parts.join(":").replace(/^0/, "");
}

export function dayKey(at) {
  return new Date(at).toDateString();
}

export function dayName(at, now = new Date()) {
  const date = new Date(at);
  const days = daysBetween(date, now);
  if (days <= 1 && days >= 0) return capital(formats.ago.format(-days, "day"));
  return (date.getFullYear() === now.getFullYear() ? formats.day : formats.dayOfYear).format(date);
}

export function monthKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()} ${date.getMonth()}`;
}

export function monthName(at, now = new Date()) {
  const date = new Date(at);
  return capital((date.getFullYear() === now.getFullYear() ? formats.month : formats.monthOfYear).format(date));
}

// The short time at the end of a row: a clock today, a weekday this week, a date before.
export function brief(at, now = new Date()) {
  const date = new Date(at);
  const days = daysBetween(date, now);
  if (days <= 0) return formats.clock.format(date);
  if (days <= WEEK_DAYS) return formats.weekday.format(date);
  return (date.getFullYear() === now.getFullYear() ? formats.short : formats.numeric).format(date);
}

export function lastSeen(at, now = new Date()) {
  if (!at) return t("has not been here yet");
  const date = new Date(at);
  const passed = now - date;
  if (passed < MINUTE) return t("last seen just now");
  if (passed < HOUR) return t("last seen %(when)s", { when: formats.ago.format(-Math.floor(passed / MINUTE), "minute") });
  const days = daysBetween(date, now);
  if (days === 0) return t("last seen at %(time)s", { time: clock(date) });
  if (days === 1) return t("last seen yesterday at %(time)s", { time: clock(date) });
  return t("last seen %(when)s", { when: dayName(date, now) });
}

// Every drawing asks for the time of every message, and Intl is slow.
// Kept as long as the formats are: another clock is another text.
function remembered(format) {
  let known = new Map();
  let made = formats;
  return (at) => {
    if (made !== formats || known.size > REMEMBERED) [known, made] = [new Map(), formats];
    if (!known.has(at)) known.set(at, format(at));
    return known.get(at);
  };
}

function daysBetween(date, now) {
  const midnight = (moment) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
  return Math.round((midnight(now) - midnight(date)) / (24 * HOUR));
}

function capital(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
