// Lists: heads, chips and pages swap the list in place; what was found is announced, focus is kept.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const target = `#${link.dataset.swap}`;
  window.htmx.ajax("GET", link.href, { source: link, target, swap: "outerHTML" });
});

document.addEventListener("htmx:afterSettle", (event) => {
  const found = event.target.closest(".c-results") ?? event.target.querySelector(".c-results");
  if (!found) return;
  document.getElementById("live").textContent = found.dataset.announce;
  // A chip or page link that is gone takes the focus with it.
  if (document.activeElement === document.body) found.focus({ preventScroll: true });
  const top = found.closest("section").getBoundingClientRect().top;
  if (top < 0) found.closest("section").scrollIntoView();
});
