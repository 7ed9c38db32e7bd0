"use strict";
// Before anything is painted: light or dark as somebody said here; else the machine decides.
try {
  const kept = localStorage.getItem("biopsy-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch { /* nothing is kept here */ }
