"use strict";
// Charts: uPlot draws what stands in the table beside each. A click on a point leads to the list behind it.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = [];

  const read = (table) => {
    const heads = Array.from(table.tHead.rows[0].cells).slice(1);
    const rows = Array.from(table.tBodies[0].rows);
    const days = rows.map((row) => row.cells[0].textContent);
    const lines = heads.map((head, n) => ({ value: head.dataset.value, label: head.textContent, by: rows.map((row) => { const text = row.cells[n + 1].textContent.trim(); return text === "" || text === "–" ? null : Number(text.replace(/,/g, "")); }) }));
    return { days, lines };
  };

  const tones = { malicious: "--malicious", suspicious: "--suspicious", benign: "--benign", unknown: "--unknown", published: "--malicious", withdrawn: "--muted" };
  const tone = (line, n) => colour(tones[line.value] || ["--malicious", "--net", "--file", "--code", "--process", "--evasion", "--env", "--tool"][n % 8]);

  const tip = (plot, data) => {
    const box = document.createElement("div");
    box.className = "chart-tip";
    box.hidden = true;
    plot.over.append(box);
    return (u) => {
      const at = u.cursor.idx;
      if (at == null) { box.hidden = true; return; }
      box.replaceChildren(data.days[at]);
      for (const line of data.lines) {
        if (!line.by[at]) continue;
        const row = document.createElement("div");
        const count = document.createElement("b");
        count.textContent = line.by[at].toLocaleString("en");
        row.append(count, " " + line.label);
        box.append(row);
      }
      box.hidden = false;
      const left = u.cursor.left;
      const wide = box.offsetWidth;
      box.style.transform = "translate(" + Math.max(0, left + wide + 14 > u.over.clientWidth ? left - wide - 12 : left + 12) + "px, 4px)";
    };
  };

  const draw = (place) => {
    const table = document.getElementById(place.dataset.chart);
    if (!table || typeof uPlot === "undefined") return null;
    const data = read(table);
    const x = data.days.map((day) => Date.parse(day + "T00:00:00Z") / 1000);
    const bars = place.dataset.kind === "bars";
    const unit = place.dataset.unit || "";
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--hair"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const show = (u) => told(u);
    let told = () => {};
    const options = {
      width: Math.max(place.clientWidth, 200), height: 210, padding: [10, 26, 0, 0],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { y: { range: (u, low, high) => [0, Math.max(high * 1.08, 1)] } },
      axes: [{ ...axis, size: 30, space: 70, values: [[86400 * 28, "{MMM} {YYYY}", null, null, null, null, null, null, 1], [86400, "{D} {MMM}", null, null, null, null, null, null, 1], [1, "{D} {MMM}", null, null, null, null, null, null, 1]] }, { ...axis, size: 46, incrs: unit ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (u, ticks) => ticks.map((n) => n >= 1e6 ? n / 1e6 + "M" : n >= 1e4 ? n / 1e3 + "k" : String(n)) }],
      series: [{}, ...data.lines.map((line, n) => ({
        label: line.label, stroke: tone(line, n), width: 1.8, points: { show: x.length < 3, size: 6 }, spanGaps: true,
        fill: data.lines.length < 5 ? tone(line, n) + "18" : undefined,
        paths: bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
      }))],
      hooks: { setCursor: [show] },
    };
    const plot = new uPlot(options, [x, ...data.lines.map((line) => line.by)], place);
    told = tip(plot, data);
    plot.over.addEventListener("click", () => {
      const at = plot.cursor.idx;
      if (at == null || !place.dataset.to) return;
      let nearest = null;
      let gap = Infinity;
      data.lines.forEach((line, n) => {
        const value = line.by[at];
        if (!value) return;
        const away = Math.abs(plot.valToPos(value, "y") - plot.cursor.top);
        if (away < gap) { gap = away; nearest = line; }
      });
      if (!nearest || nearest.value === "others") return;
      const asked = new URLSearchParams({ since: data.days[at], until: data.days[at] });
      if (place.dataset.param) asked.set(place.dataset.param, nearest.value);
      location.href = place.dataset.to + "&" + asked;
    });
    place.setAttribute("aria-hidden", "true");
    return plot;
  };

  const all = () => {
    while (drawn.length) drawn.pop().destroy();
    for (const place of document.querySelectorAll(".chart[data-chart]")) {
      const plot = draw(place);
      if (plot) drawn.push(plot);
    }
  };
  // Who goes by the keyboard finds each number of a table leading to the list behind it, as points do.
  addEventListener("toggle", (event) => {
    const table = event.target.open && event.target.matches(".chart-data") && event.target.querySelector("table");
    const place = table && document.querySelector('.chart[data-chart="' + table.id + '"]');
    if (!place || !place.dataset.param || table.dataset.linked) return;
    table.dataset.linked = "yes";
    const heads = Array.from(table.tHead.rows[0].cells);
    for (const row of table.tBodies[0].rows) heads.forEach((head, n) => {
      const cell = row.cells[n];
      if (!n || head.dataset.value === "others" || Number(cell.textContent) === 0) return;
      const day = row.cells[0].textContent;
      const link = document.createElement("a");
      link.href = place.dataset.to + "&" + new URLSearchParams({ [place.dataset.param]: head.dataset.value, since: day, until: day });
      link.textContent = cell.textContent;
      link.setAttribute("aria-label", cell.textContent + " " + head.textContent + ", " + day);
      cell.replaceChildren(link);
    });
  }, true);
  let waiting = 0;
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === wide) return; // the address bar of a phone, no more
    wide = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(all, 150);
  });
  document.addEventListener("biopsy:theme", all);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.querySelector && event.target.querySelector(".chart")) all(); });
  all();
})();
