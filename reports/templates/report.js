// Comfort only: the page says everything without it.
"use strict";
(() => {
  const text = (cell) => cell.dataset.sort ?? cell.textContent.trim();

  // Rows without a number stay at the end in both directions: not known is neither good nor bad.
  const compare = (kind, sign) => (a, b) => {
    if (kind === "text") return sign * a.key.localeCompare(b.key, undefined, { numeric: true });
    if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
    return sign * (Number(a.key) - Number(b.key));
  };

  const sort = (table, column, kind, sign) => {
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
      rows
        .map((row) => ({ row, key: text(row.cells[column]) }))
        .sort(compare(kind, sign))
        .forEach(({ row }) => body.append(row));
    }
  };

  const button = (label) => {
    const made = document.createElement("button");
    made.type = "button";
    made.append(...label);
    return made;
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    const current = { column: -1, sign: 1 };
    const show = () => {
      heads.forEach((each, column) => {
        if (column !== current.column) each.removeAttribute("aria-sort");
        else each.setAttribute("aria-sort", current.sign > 0 ? "ascending" : "descending");
      });
      if (current.column >= 0) {
        sort(table, current.column, heads[current.column].dataset.kind, current.sign);
      }
    };
    heads.forEach((head, column) => {
      const sorter = button([...head.childNodes]);
      sorter.addEventListener("click", () => {
        current.sign = current.column === column ? -current.sign : 1;
        current.column = column;
        show();
      });
      head.append(sorter);
    });

    const bodies = [...table.tBodies];
    const tools = document.createElement("div");
    tools.className = "tools";
    if (bodies.length > 1) {
      const homes = bodies.map((body) => [body, [...body.rows]]);
      const label = document.createElement("label");
      const toggle = document.createElement("input");
      toggle.type = "checkbox";
      toggle.checked = true;
      label.append(toggle, " Group by repository");
      toggle.addEventListener("change", () => {
        const grouped = toggle.checked;
        table.classList.toggle("flat", !grouped);
        for (const [body, rows] of homes) {
          for (const row of rows) {
            if (grouped) body.append(row);
            else if (!row.classList.contains("group")) bodies[0].append(row);
          }
        }
        show();
      });
      tools.append(label);
    }
    const rows = bodies.flatMap((body) => [...body.rows]);
    if (rows.length > 15) {
      const label = document.createElement("label");
      const field = document.createElement("input");
      field.type = "search";
      field.addEventListener("input", () => {
        const wanted = field.value.toLowerCase();
        for (const row of rows) {
          if (row.classList.contains("group")) continue;
          row.hidden = !row.textContent.toLowerCase().includes(wanted);
        }
      });
      label.append("Show rows with ", field);
      tools.append(label);
    }
    if (tools.childElementCount) table.closest(".scroll").before(tools);
  }

  const folded = [...document.querySelectorAll("details.rule")];
  if (folded.length > 1) {
    const all = button(["Open all failed rules"]);
    all.className = "openall";
    all.addEventListener("click", () => {
      const open = all.getAttribute("aria-pressed") !== "true";
      all.setAttribute("aria-pressed", String(open));
      for (const each of folded) each.open = open;
    });
    all.setAttribute("aria-pressed", "false");
    folded[0].closest(".collection").querySelector(".hint").after(all);
  }

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", reveal);
  // A second click on the same link changes no hash.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[href^='#']")) setTimeout(reveal);
  });
  reveal();

  // Paper cannot be unfolded.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
