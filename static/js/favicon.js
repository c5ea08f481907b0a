// The picture on the browser's tab, with the number of unread messages on it.

const MOST = 99;

const link = document.querySelector('link[rel="icon"]');
const plain = link.getAttribute("href");
let drawing;

export async function drawBadge(count) {
  drawing ??= fetch(plain).then((answer) => answer.text());
  link.dataset.unread = count;
  try {
    const svg = count ? withCount(await drawing, count) : null;
    if (link.dataset.unread === String(count)) link.href = svg ? `data:image/svg+xml,${encodeURIComponent(svg)}` : plain;
  } catch {
    drawing = undefined;
  }
}

function withCount(svg, count) {
  const text = count > MOST ? `${MOST}+` : String(count);
  const width = 22 + 14 * text.length;
  const badge = `<rect x="${64 - width}" y="26" width="${width}" height="38" rx="19" fill="#c23b3b" stroke="#fff" stroke-width="3"/>
    <text x="${64 - width / 2}" y="55" fill="#fff" font-family="sans-serif" font-size="28" font-weight="bold" text-anchor="middle">${text}</text>`;
  return svg.replace("</svg>", `${badge}</svg>`);
}
