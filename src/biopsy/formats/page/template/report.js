"use strict";
(() => {
  const $ = (what, within = document) => Array.from(within.querySelectorAll(what));
  const root = document.documentElement;

  // Light and dark: as the machine says, until someone says otherwise.
  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  try { const kept = localStorage.getItem("biopsy-theme"); if (kept) root.dataset.theme = kept; } catch { /* not kept here */ }
  if (theme) { // the site, which shows this page, too, has a switch of its own
    theme.hidden = false;
    theme.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("biopsy-theme", root.dataset.theme); } catch { /* not kept here */ }
    });
  }

  // Several artifacts: one at a time.
  const pages = $(".page");
  const tabs = $(".tab");
  const show = (page) => {
    if (pages.length < 2) return;
    for (const one of pages) one.hidden = one !== page;
    for (const tab of tabs) tab.toggleAttribute("aria-current", tab.hash === "#" + page.id);
  };

  // A place that is asked for is opened, wherever it is folded away.
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* no such place */ }
    show((target && target.closest(".page")) || pages[0]);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target.hidden) clear(target.closest(".page"));
    if (target.tagName !== "ARTICLE") target.scrollIntoView({ block: target.tagName === "LI" ? "center" : "start" });
  };

  // The list of behaviours, by word and family.
  const filters = new Map();
  const clear = (page) => { const reset = filters.get(page); if (reset) reset(); };
  for (const page of pages) {
    const box = page.querySelector(".filter");
    const rows = $(".behaviours li", page);
    if (!rows.length) continue;
    box.hidden = false;
    const input = box.querySelector("input");
    const found = box.querySelector(".found");
    const buttons = $("[data-family]", box);
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const families = new Set(buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.family));
      let count = 0;
      rows.forEach((row, n) => {
        const fits = (!families.size || families.has(row.dataset.family)) && words.every((word) => texts[n].includes(word));
        row.hidden = !fits;
        if (fits) count += 1;
      });
      found.textContent = count === rows.length ? "" : count + " of " + rows.length;
    };
    let waiting = 0;
    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
    for (const button of buttons) button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
      apply();
    });
    filters.set(page, () => { input.value = ""; for (const b of buttons) b.setAttribute("aria-pressed", "false"); apply(); });
  }

  // Everything open, or as it was.
  const unfold = document.getElementById("unfold");
  if (unfold) unfold.hidden = false;
  if (unfold) unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Expand all";
    for (const page of pages) if (!page.hidden) for (const one of $("details:not(.menu-of)", page)) one.open = open;
    unfold.textContent = open ? "Collapse all" : "Expand all";
  });

  for (const button of $(".copy")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = "copied"; }));
  }

  // What scrolls by itself can be reached with the keyboard.
  const reach = () => { for (const one of $("pre, .figure, .iocs")) if (one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1) one.tabIndex = 0; };
  addEventListener("toggle", reach, true);
  reach();

  // Which section is being read.
  const links = new Map($(".contents a").map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      const link = links.get(entry.target.id);
      for (const other of $(".contents a", entry.target.closest(".page"))) other.toggleAttribute("aria-current", other === link);
    }
  }, { rootMargin: "-64px 0px -70% 0px" });
  for (const heading of $("h2")) watcher.observe(heading);

  addEventListener("hashchange", reveal);
  reveal();
})();
