"use strict";
// Search and filters of the catalogue. Without this script the page is the full list.
(() => {
  const form = document.getElementById("search");
  if (!form) return;
  const { entries, texts } = JSON.parse(document.getElementById("data").textContent);
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const filters = [...form.querySelectorAll("select")];
  const items = [...document.querySelectorAll(".entry")];
  const groups = [...document.querySelectorAll("section.group")];
  const ENOUGH = 1 / 3; // share of the query's tokens that a report must have to come close

  // One form for all widths, cases and accents: "Ｒ＆Ｄ" is "r&d", "café" is "cafe".
  const fold = (text) => text.normalize("NFKC").toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  const HAN = /\p{Script=Han}+/gu;
  const WORD = /[\p{L}\p{N}]+/gu;

  // Chinese in pairs of characters, everything else in words.
  const split = (text) => {
    const han = text.match(HAN) ?? [];
    const pairs = han.flatMap((run) =>
      [...run].length === 1 ? [run] : [...run].slice(1).map((character, at) => [...run][at] + character));
    return { pairs, latin: text.replace(HAN, " ").match(WORD) ?? [] };
  };

  const index = entries.map(({ words: text, facets }) => {
    const folded = fold(text);
    return { pairs: new Set(split(folded).pairs), han: folded, latin: [...new Set(split(folded).latin)], facets };
  });

  // Share of the query's tokens that an entry has; a word counts where it begins one of the entry's.
  const share = (entry, query) => {
    const tokens = query.pairs.length + query.latin.length;
    if (tokens === 0) return 1;
    const pairs = query.pairs.filter((pair) => [...pair].length === 1 ? entry.han.includes(pair) : entry.pairs.has(pair));
    const latin = query.latin.filter((word) => entry.latin.some((own) => own.startsWith(word)));
    return (pairs.length + latin.length) / tokens;
  };

  const passes = (entry) => filters.every(({ value, dataset }) => !value || entry.facets[dataset.facet].includes(value));

  const show = () => {
    const query = split(fold(words.value));
    const scores = index.map((entry) => (passes(entry) ? share(entry, query) : 0));
    const best = Math.max(0, ...scores);
    const near = best < 1 && best >= ENOUGH;
    const shown = scores.map((score) => (near ? score === best : score === 1));
    const count = shown.filter(Boolean).length;
    items.forEach((item) => { item.hidden = !shown[Number(item.dataset.entry)]; });
    groups.forEach((group) => {
      const own = [...group.querySelectorAll(".entry")];
      group.hidden = own.length > 0 && own.every((item) => item.hidden);
    });
    const all = !words.value.trim() && filters.every(({ value }) => !value);
    const text = count === 0 ? texts.found_none : near ? texts.found_near : all ? texts.found_all : texts.found;
    found.textContent = text.replace("{n}", count);
  };

  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { show(); words.focus(); }));
  document.getElementById("without-script").hidden = true;
  form.hidden = false;
  show();
})();
