"use strict";
(() => {
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const theme = document.getElementById("site-theme");
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("biopsy-theme", root.dataset.theme); } catch { /* not kept here */ }
      document.dispatchEvent(new Event("biopsy:theme"));
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("biopsy:theme")));

  // `/` goes to the search, as on most sites; Ctrl+Enter sends what is pasted into the large box.
  addEventListener("keydown", (event) => {
    const box = document.querySelector("[data-ask]") || document.querySelector("[data-shortcut='/']");
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement ? document.activeElement.tagName : "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && box) { event.preventDefault(); box.focus(); }
  });
  const ask = document.querySelector("[data-ask]");
  if (ask) ask.addEventListener("keydown", (event) => {
    const single = !ask.value.includes("\n");
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && (single || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask.form.requestSubmit();
    }
  });

  const copying = (within) => {
    if (!navigator.clipboard) return;
    for (const button of within.querySelectorAll("button.copy[hidden]")) {
      button.hidden = false;
      button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = "copied"; }));
    }
  };
  if (!document.querySelector("[data-report-page]")) copying(document);
  document.addEventListener("htmx:load", (event) => copying(event.target));
})();
