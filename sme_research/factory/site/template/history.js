"use strict";
// The comparison of any two runs. Without this script the page compares neighbouring runs.
(() => {
  const form = document.getElementById("any-two");
  if (!form) return;
  const { pairs, texts } = JSON.parse(document.getElementById("data").textContent);
  const [older, newer] = ["older", "newer"].map((name) => document.getElementById(name));
  const result = document.getElementById("result");

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  };
  const labelOf = (select) => select.selectedOptions[0].textContent;

  const tabulate = ({ name, note, rows }, [before, after], at) => {
    const table = make("table", "", { class: "difference" });
    table.append(make("caption", note ? `${name} · ${note}` : name, { id: `any-${at}` }));
    const head = make("tr");
    [texts.item, before, after].forEach((text, column) =>
      head.append(make("th", text, { scope: "col", ...(column && { class: "num" }) })));
    table.append(make("thead"), make("tbody"));
    table.tHead.append(head);
    rows.forEach(([item, old, now]) => {
      const row = make("tr", "", old === now ? {} : { class: "moved" });
      row.append(make("th", item, { scope: "row" }), make("td", old, { class: "num" }), make("td", now, { class: "num" }));
      table.tBodies[0].append(row);
    });
    const scroll = make("div", "", { class: "scroll", role: "region", tabindex: "0", "aria-labelledby": `any-${at}` });
    scroll.append(table);
    return scroll;
  };

  const show = () => {
    result.replaceChildren();
    if (older.value === newer.value) {
      result.append(make("p", texts.same_run));
      return;
    }
    // Numbers count from the newest run: the greater is the older one, whichever was chosen first.
    const [first, second] = Number(older.value) > Number(newer.value) ? [older, newer] : [newer, older];
    const { sentences, tables } = pairs[`${first.value} ${second.value}`];
    const list = make("ul");
    sentences.forEach((sentence) => list.append(make("li", sentence)));
    result.append(list, ...tables.map((table, at) => tabulate(table, [labelOf(first), labelOf(second)], at)));
  };

  form.addEventListener("change", show);
  document.getElementById("without-script").hidden = true;
  form.hidden = false;
  show();
})();
