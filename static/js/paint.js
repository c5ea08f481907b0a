// The theme, before the first paint: a classic script, small and blocking, because a module would come too late.
// Signed in, the server has written the person's choice on <html>; signed out, this browser remembers the last one.

(() => {
  const root = document.documentElement;
  const BARS = { light: "#f7f6f3", dark: "#14191d" }; // --surface; a test holds them together

  if (!root.dataset.theme) Object.assign(root.dataset, remembered());

  function remembered() {
    try {
      const { theme, accent, density } = JSON.parse(localStorage.getItem("parley.looks")) ?? {};
      return { theme: theme ?? "system", accent: accent ?? "jade", density: density ?? "comfortable" };
    } catch {
      return { theme: "system" };
    }
  }

  // What the browser draws around the page: its own bar, scroll bars, the canvas.
  function follow() {
    const { theme } = root.dataset;
    const forced = theme in BARS;
    document.querySelector("meta[name=color-scheme]").content = forced ? theme : "light dark";
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
      meta.content = BARS[forced ? theme : meta.media.includes("dark") ? "dark" : "light"];
    }
  }

  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  follow();
})();
