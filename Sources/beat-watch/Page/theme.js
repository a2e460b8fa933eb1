// No module: it runs before the first paint, so that the page does not flash in the other theme.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch {
    // Without storage the system's theme counts.
  }
})();
