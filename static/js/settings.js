// Settings: the list narrows while one types; what is left is counted aloud.
const find = document.getElementById("find");
find?.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = document.getElementById(find.dataset.filterList);
  const rows = [...list.querySelectorAll("[data-text]")];
  const matches = (row) => words.every((word) => row.dataset.text.toLowerCase().includes(word));
  for (const row of rows) row.hidden = !matches(row);
  for (const group of list.querySelectorAll("section")) {
    group.hidden = !group.querySelector("[data-text]:not([hidden])");
  }
  const shown = rows.filter((row) => !row.hidden).length;
  const found = document.getElementById("found");
  found.textContent = found.dataset.pattern.replace("{shown}", shown);
  document.getElementById("none").hidden = shown > 0;
});
