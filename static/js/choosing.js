// Which files may be sent, and what to say of those that may not: with the server's own sentences (chat/formats.py), before
// anything is sent. `limits` is what came with the page: {image_max, audio_max, megapixels, formats}.

import { t } from "./i18n.js";
import { sizeWords } from "./times.js";

const MEGA = 1024 * 1024;
const MEGAPIXEL = 1_000_000;

// The format that a file says it has, by its type or the end of its name; null for one that is not taken.
export function formatOf({ name, type }, { formats }) {
  const bare = type.split(";")[0].trim().toLowerCase();
  const end = /\.[^.]+$/.exec(name.toLowerCase())?.[0];
  const all = Object.values(formats);
  return (bare && all.find(({ types }) => types.includes(bare))) || all.find(({ extensions }) => extensions.includes(end)) || null;
}

// What a person is told of a file that cannot be sent; "" for one that can.
export function refusalOf(file, limits) {
  if (!file.size) return t("This file is empty.");
  const format = formatOf(file, limits);
  if (!format) return t("Files of this kind cannot be sent here.");
  const most = limits[`${format.kind}_max`];
  if (file.size <= most) return "";
  const size = Math.floor(most / MEGA);
  return format.kind === "image" ? t("Pictures may be at most %(size)s MB large.", { size }) : t("Recordings may be at most %(size)s MB large.", { size });
}

export function tooManyPixels({ width, height }, { megapixels }) {
  return width * height > megapixels * MEGAPIXEL ? t("Pictures may have at most %(count)d megapixels.", { count: megapixels }) : "";
}

// All that can be sent, in words.
export function limitsInWords({ image_max: image, audio_max: audio, formats }) {
  const pictures = namesOf("image", formats);
  const recordings = namesOf("audio", formats);
  const one = pictures && t("Pictures up to %(size)s: %(formats)s.", { size: sizeWords(image), formats: pictures });
  const other = recordings && t("Recordings up to %(size)s: %(formats)s.", { size: sizeWords(audio), formats: recordings });
  return [one, other].filter(Boolean).join(" ");
}

function namesOf(wanted, formats) {
  return Object.entries(formats).filter(([, { kind }]) => kind === wanted).map(([name]) => (name === "webp" ? "WebP" : name.toUpperCase())).join(", ");
}
