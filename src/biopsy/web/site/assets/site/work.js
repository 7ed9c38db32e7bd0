"use strict";
// SQL: Ctrl+Enter asks; values of a saved question go with it as `name=value`.
(() => {
  const box = document.querySelector("[data-sql]");
  if (!box) return;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); box.form.requestSubmit(); }
  });
  box.form.addEventListener("submit", () => {
    for (const field of box.form.querySelectorAll("[data-value]")) field.nextElementSibling.value = field.dataset.value + "=" + field.value;
  });
})();
