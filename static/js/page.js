// What every page does: errors come into focus, notes can be dismissed, a lost session leads to the log-in.
document.querySelector(".c-errors")?.focus();

const live = document.getElementById("live");
// Screen readers announce changes of a live region, not what it held when the page came.
const said = [...document.querySelectorAll("[data-flash]")].map((note) => note.dataset.flash).join(" ");
if (said && live) setTimeout(() => (live.textContent = said), 300);

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".c-note").remove();
});

const login = document.querySelector("meta[name=login-url]")?.content;

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (login && new URL(xhr.responseURL).pathname === login) {
    event.detail.shouldSwap = false;
    location.reload();
  } else if (xhr.status >= 500 && requestConfig.verb === "get") {
    location.assign(requestConfig.path);
  }
});

document.addEventListener("htmx:sendError", () => {
  document.getElementById("offline")?.removeAttribute("hidden");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.getElementById("offline")?.setAttribute("hidden", "");
});
document.addEventListener("htmx:afterSettle", (event) => {
  event.target.querySelector?.(".c-errors")?.focus();
});
