const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Parts that a phone folds are open where there is room, and on paper.
if (matchMedia("(min-width: 60rem)").matches) {
  for (const part of all("[data-wide]")) part.open = true;
}
addEventListener("beforeprint", () => all("details.part").forEach((part) => (part.open = true)));

// A link to something folded unfolds it, and the menu of a phone closes behind it.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  document.querySelector("details.menu").open = false;
  target?.scrollIntoView();
}
addEventListener("hashchange", unfold);
if (location.hash) unfold();

// Search and filter. What they act on says so by data-find; a paper's section goes with the paper,
// and a table or figure with the verdicts of the claims that are about it.
const chosen = { words: "", paper: "", verdict: "" };
const folds = new Map(); // folded parts as they were before a search
const texts = new Map();
const text = (element) => {
  if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
  return texts.get(element);
};
const says = (element, words) => words.every((word) => text(element).includes(word));

function filterRows(table, words, whole) {
  for (const row of all("tbody.group, [data-row]", table)) row.hidden = !whole && !says(row, words);
}

function filter() {
  const words = chosen.words.toLowerCase().split(/\s+/).filter(Boolean);
  const active = words.length || chosen.paper || chosen.verdict;
  const ofPaper = (element) => !chosen.paper || element.dataset.paper === chosen.paper;
  const ofVerdict = (element) =>
    !chosen.verdict || (element.dataset.verdicts ?? "").split(" ").includes(chosen.verdict);
  for (const element of all("[data-paper]:not([data-find])")) {
    element.hidden = !ofPaper(element) || (element.matches(".card") && !ofVerdict(element));
  }
  const counts = { claim: 0, table: 0, figure: 0 };
  for (const element of all("[data-find]")) {
    element.hidden = !(ofPaper(element) && ofVerdict(element) && says(element, words));
    if (element.hidden) continue;
    if (element.matches(".claim")) counts.claim += 1;
    else if (element.matches("figure")) counts.figure += 1;
    else if (element.matches(".table")) counts.table += 1;
    if (element.matches(".table")) {
      const title = element.querySelector("h4, summary");
      filterRows(element, words, says(title, words));
    }
  }
  for (const table of all("table:has([data-row])")) filterRows(table, words, false);
  for (const group of all(".forest .group")) {
    group.hidden = !ofPaper(group) || !all(".row:not([hidden])", group).length;
  }
  for (const card of all(".card")) {
    const own = `[data-find][data-paper="${card.dataset.paper}"]:not([hidden])`;
    if (words.length && !says(card, words) && !document.querySelector(own)) card.hidden = true;
  }
  showFolded(active);
  const say = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
  document.getElementById("found").textContent = active
    ? Object.entries(counts).map(([name, count]) => say(count, name)).join(", ")
    : "";
}

// While something is looked for, what holds a hit is open; afterwards it is as it was.
function showFolded(active) {
  for (const part of all("details.part, details.blocked-claims")) {
    const inside = all("[data-find]", part);
    if (!inside.length) continue;
    const hits = inside.filter((element) => !element.hidden).length;
    part.classList.toggle("empty", Boolean(active) && !hits);
    if (active && !folds.has(part)) folds.set(part, part.open);
    if (active) part.open = hits > 0;
    else if (folds.has(part)) part.open = folds.get(part);
  }
  if (!active) folds.clear();
}
for (const name of Object.keys(chosen)) {
  document.getElementById(name).addEventListener("input", ({ target }) => {
    chosen[name] = target.value;
    filter();
  });
}

// The head of a column sorts by it: by the paper's numbers down and up, by ours down and up, and
// then as the paper has it. What has no number stands last.
const ORDERS = [["paper", -1], ["paper", 1], ["ours", -1], ["ours", 1], null];
for (const table of all("table[data-sortable]")) {
  const groups = [...table.tBodies];
  const number = (group, kind, column) => {
    const cell = group.querySelector(`tr.${kind}`)?.querySelectorAll("td.num")[column];
    const found = cell?.firstChild?.textContent.replace("−", "-").replaceAll(",", "").trim();
    return found && !Number.isNaN(Number(found)) ? Number(found) : null;
  };
  for (const button of all("button.sort", table)) {
    button.addEventListener("click", () => {
      const column = Number(button.dataset.column);
      const usable = ORDERS.filter(
        (order) => !order || groups.some((group) => number(group, order[0], column) !== null),
      );
      const at = button.dataset.at ? Number(button.dataset.at) + 1 : 0;
      for (const other of all("button.sort", table)) delete other.dataset.at, delete other.dataset.by;
      const order = usable[at];
      if (order) {
        button.dataset.at = at;
        button.dataset.by = `${order[1] < 0 ? "↓" : "↑"} ${order[0]}`;
      }
      const key = (group) => (order ? number(group, order[0], column) : null);
      const sorted = [...groups].sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return order[1] * (a - b);
      });
      table.append(...sorted);
    });
  }
}

// A box whose content goes on says so in words, beside its shadow.
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.classList.toggle("more", target.scrollWidth > target.clientWidth + 1);
  }
});
for (const box of all(".scroll")) watch.observe(box);

// A figure enlarges, with its PDF beside it.
const large = document.getElementById("large");
for (const button of all("button.enlarge")) {
  button.addEventListener("click", () => {
    const figure = button.closest("figure");
    const image = button.querySelector("img").cloneNode();
    image.removeAttribute("style");
    const caption = document.createElement("p");
    caption.textContent = figure.querySelector("figcaption").textContent.replace(/ link( PDF)?$/, "");
    large.querySelector(".frame").replaceChildren(image, caption);
    const [own, file] = [figure.querySelector("a.file"), large.querySelector("a.file")];
    file.hidden = !own;
    if (own) file.setAttribute("href", own.getAttribute("href"));
    large.showModal();
  });
}
large.addEventListener("click", ({ target }) => target === large && large.close());

// Snakemake's report is packed (gzip, base64) until someone wants it.
document.getElementById("workflow-open")?.addEventListener("click", async ({ target }) => {
  target.disabled = true;
  const packed = atob(document.getElementById("workflow-page").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = new Blob([await new Response(unpacked).arrayBuffer()], { type: "text/html" });
  const frame = document.getElementById("workflow-frame");
  frame.src = URL.createObjectURL(page);
  frame.hidden = false;
});
