// A device in words, from what its browser says of itself. A guess for one's own eyes: nothing depends on it.

import { t } from "../../i18n.js";

// The first that fits: many name the browsers they descend from, too.
const BROWSERS = [
  [/MicroMessenger/, "WeChat"],
  [/YaBrowser/, "Yandex Browser"],
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/SamsungBrowser/, "Samsung Internet"],
  [/Firefox|FxiOS/, "Firefox"],
  [/Chrom(e|ium)|CriOS/, "Chrome"],
  [/Safari/, "Safari"],
];

const SYSTEMS = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/HarmonyOS/, "HarmonyOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/Linux|X11/, "Linux"],
];

const find = (kinds, agent) => kinds.find(([sign]) => sign.test(agent))?.[1];

export function deviceName(agent) {
  const browser = find(BROWSERS, agent);
  const system = find(SYSTEMS, agent);
  if (browser && system) return t("%(browser)s on %(system)s", { browser, system });
  return browser ?? system ?? t("Unknown device");
}

export function isHandheld(agent) {
  return /Mobile|iPhone|iPad|Android|HarmonyOS/.test(agent);
}
