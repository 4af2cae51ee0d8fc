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
      const sorted = rows.map((row) => ({ row, key: text(row.cells[column]) }));
      body.append(...sorted.sort(compare(kind, sign)).map(({ row }) => row));
    }
  };

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const button = (label) => element("button", { type: "button" }, ...label);
  // The name is given again: that of a label would take all options along.
  const choice = (ariaLabel, options) =>
    element("select", { ariaLabel }, ...options.map(([value, name]) => element("option", { value }, name)));

  // What is asked of a row, by who asks: a row is shown if all agree.
  const filter = (rows) => {
    const asked = new Map();
    const shown = element("output", {});
    const apply = () => {
      let count = 0;
      for (const row of rows) {
        row.hidden = ![...asked.values()].every((fits) => fits(row));
        count += !row.hidden;
      }
      shown.value = count < rows.length ? `${count} of ${rows.length} rows` : "";
    };
    return {
      shown,
      ask: (who, fits) => {
        if (fits) asked.set(who, fits);
        else asked.delete(who);
        apply();
      },
    };
  };
  const filters = new Map();

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
    const tools = element("div", { className: "tools" });
    const homes = bodies.map((body) => [body, [...body.rows]]);
    const rows = homes.flatMap(([, own]) => own.filter((row) => !row.classList.contains("group")));
    const filtered = filter(rows);
    filters.set(table.id, { ...filtered, rows });
    if (rows.length > 15) {
      const field = element("input", { type: "search" });
      field.addEventListener("input", () => {
        const wanted = field.value.toLowerCase();
        filtered.ask("text", wanted && ((row) => row.textContent.toLowerCase().includes(wanted)));
      });
      tools.append(element("label", {}, "Show rows with ", field));
    }
    if (bodies.length > 1) {
      const names = bodies.map((body) => body.querySelector(".group bdi").textContent);
      const field = choice("Repository", [["", "all"], ...names.map((name, number) => [number, name])]);
      field.addEventListener("change", () => {
        const own = field.value && new Set(homes[field.value][1]);
        filtered.ask("repository", own && ((row) => own.has(row)));
      });
      tools.append(element("label", {}, "Repository ", field));
      const toggle = element("input", { type: "checkbox", checked: true });
      toggle.addEventListener("change", () => {
        const grouped = toggle.checked;
        table.classList.toggle("flat", !grouped);
        for (const [body, own] of homes) {
          for (const row of own) {
            if (grouped) body.append(row);
            else if (!row.classList.contains("group")) bodies[0].append(row);
          }
        }
        show();
      });
      tools.append(element("label", {}, toggle, " Group by repository"));
    }
    tools.append(filtered.shown);
    if (tools.childElementCount > 1) table.closest(".scroll").before(tools);
  }

  // What a rule said of each row of the heat map, in their order: see RuleRow in side_by_side.py.
  const WORDS = {
    p: "passes", n: "not applicable", q: "not evaluated", e: "broke down", "-": "not run",
  };
  const states = new Map();
  const said = (head) => {
    if (!states.has(head)) {
      const all = [];
      for (const [, failed, of, times, letter] of head.dataset.states.matchAll(
        /(\d+)\/(\d+)f|(\d*)([pnqe-])/g,
      )) {
        if (failed) all.push(`${grouped(failed)} of ${grouped(of)} ${failed === "1" ? "fails" : "fail"}`);
        else all.push(...Array(Number(times || 1)).fill(WORDS[letter]));
      }
      states.set(head, all);
    }
    return states.get(head);
  };
  const grouped = (digits) => Number(digits).toLocaleString("en");

  const heat = filters.get("heat");
  const rules = [...document.querySelectorAll("#differences [data-states]")];
  if (heat && rules.length) {
    // Only the collections that fail a rule: a button where its names are.
    const asking = element("button", { type: "button", hidden: true });
    asking.addEventListener("click", () => {
      heat.ask("rule", null);
      asking.hidden = true;
    });
    heat.shown.before(asking);
    for (const head of rules) {
      head.querySelector("details")?.addEventListener(
        "toggle",
        ({ target }) => {
          const only = button(["Show only these in the heat map"]);
          only.addEventListener("click", () => {
            const failing = new Set(heat.rows.filter((_, row) => / fails?$/.test(said(head)[row])));
            heat.ask("rule", (row) => failing.has(row));
            asking.textContent = `Only what fails ${head.dataset.sort}: show all again`;
            asking.hidden = false;
            document.getElementById("choices").scrollIntoView();
            asking.focus();
          });
          target.append(only);
        },
        { once: true },
      );
    }
  }

  const table = document.querySelector("table.pair");
  if (heat && table && rules.length) {
    const heads = [...document.getElementById("heat").tHead.rows[0].cells];
    const marked = heads[1].textContent === "Rule set";
    const names = heat.rows.map((row) => [
      row.querySelector("bdi").textContent,
      row.querySelector(".where")?.textContent ?? "",
    ]);
    const options = names.map(([name, where], row) => [row, where ? `${name} · ${where}` : name]);
    const shown = [...table.tHead.rows[0].cells].slice(1, 3).map((head) => head.textContent.trim());
    const sides = ["Compare", "with"].map((label) => choice(label, options));
    sides.forEach((side, place) => {
      side.value = names.findIndex((name) => name.join(" ").trim() === shown[place]);
      side.addEventListener("change", () => lay());
    });
    const note = element("p", { className: "hint" });
    note.setAttribute("role", "status");
    table.closest(".scroll").before(
      element("div", { className: "tools" },
        element("label", {}, "Compare ", sides[0]), element("label", {}, "with ", sides[1]), note),
    );

    const copy = (cell) => {
      const made = cell.cloneNode(true);
      delete made.dataset.sort;
      return made;
    };
    const line = (head, left, right, apart = "") => {
      const made = element("th", {}, ...head);
      made.scope = "row";
      return element("tr", {}, made, left, right, element("td", {}, apart));
    };
    const apart = (left, right) => {
      if (!left || !right) return "";
      const points = Number(right) - Number(left);
      const size = Math.abs(points);
      if (!size) return "0";
      const tenths = size === 100 ? "100" : Math.min(size, 99.9).toFixed(1);
      return (points < 0 ? "\u2212" : "+") + (size < 0.05 ? " < 0.1" : tenths);
    };
    const lay = () => {
      const places = sides.map((side) => Number(side.value));
      const [left, right] = places.map((place) => heat.rows[place]);
      const headings = table.tHead.rows[0].cells;
      places.forEach((place, side) => {
        headings[side + 1].replaceChildren(
          element("bdi", {}, names[place][0]), " ", element("small", {}, names[place][1]));
      });
      const first = marked ? 2 : 1;
      const lines = heads.slice(first).map((head, offset) => {
        const cells = [left, right].map((row) => row.cells[first + offset]);
        const both = cells.map((cell) => cell.dataset.sort);
        return line([head.textContent], ...cells.map(copy), offset ? apart(...both) : "");
      });
      table.tBodies[0].replaceChildren(...lines);
      const sets = [left, right].map((row) => (marked ? row.cells[1].textContent : ""));
      const judged = sets.every((mark) => mark === table.dataset.base);
      const differing = !judged ? [] : rules.flatMap((head) => {
        const words = places.map((place) => said(head)[place]);
        if (words[0] === words[1]) return [];
        const [severity, unit] = [5, 6].map((cell) => head.parentElement.cells[cell].textContent);
        const what = [...head.querySelector(".what").cloneNode(true).childNodes];
        const mark = head.querySelector("svg").cloneNode(true);
        const ends = words.map((each) => element("td", {}, each));
        return [line([mark, ...what, element("small", {}, `${severity}, per ${unit}`)], ...ends)];
      });
      const none = line([judged ? "None" : "Not told here"], element("td"), element("td"));
      const [heading] = table.tBodies[1].rows;
      table.tBodies[1].replaceChildren(heading, ...(differing.length ? differing : [none]));
      table.closest("section").querySelector(".more").textContent = "";
      if (sets[0] !== sets[1]) note.textContent = `These two are not comparable. ${table.dataset.comparability}`;
      else if (judged) note.textContent = `Rules that differ: ${differing.length}`;
      else note.textContent = "Rules are told apart among other collections only; see below.";
    };

    // Two ticked rows are the two that somebody wants to see.
    document.getElementById("heat").addEventListener("change", () => {
      const ticked = heat.rows.flatMap((row, place) => row.querySelector("input").checked ? place : []);
      if (ticked.length !== 2) return;
      sides.forEach((side, place) => { side.value = ticked[place]; });
      lay();
    });
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
