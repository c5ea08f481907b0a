// Lighthouse on one address in a Chromium that listens on a debugging port: prints the scores as JSON, 0 to 1 each.
//   node lighthouse.js <address> <port> [cookie]

import lighthouse from "lighthouse";

const [address, port, cookie] = process.argv.slice(2);

const result = await lighthouse(address, {
  port: Number(port),
  logLevel: "silent",
  onlyCategories: ["performance", "accessibility", "best-practices"],
  formFactor: "desktop",
  screenEmulation: { mobile: false, width: 1360, height: 880, deviceScaleFactor: 1, disabled: false },
  throttlingMethod: "simulate",
  throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 4 },
  disableStorageReset: true,
  extraHeaders: cookie ? { Cookie: cookie } : undefined,
});

const scores = Object.values(result.lhr.categories).map(({ id, score }) => [id, score]);
console.log(JSON.stringify(Object.fromEntries(scores)));
