// A box above each long table that leaves only the rows with all of its words.
for (const table of document.querySelectorAll("table.filter")) {
  const input = document.createElement("input");
  input.className = "filter";
  input.type = "search";
  input.placeholder = "filter rows";
  input.setAttribute("aria-label", "filter rows");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  table.parentElement.before(input);
}

// Parts that a phone folds are open where there is room, and on paper.
if (matchMedia("(min-width: 60rem)").matches) {
  for (const part of document.querySelectorAll("[data-wide]")) part.open = true;
}
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.part")) part.open = true;
});

// A link to a folded part unfolds it.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target?.scrollIntoView();
}
addEventListener("hashchange", unfold);
if (location.hash) unfold();

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
