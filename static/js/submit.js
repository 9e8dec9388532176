// A submit shows that it works and cannot be sent twice; the server's keys make a second one safe anyway.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.method === "get") return;
  if (button.ariaBusy === "true") {
    event.preventDefault();
    return;
  }
  button.ariaBusy = "true";
  const live = document.getElementById("live");
  if (live && button.dataset.busy) live.textContent = button.dataset.busy;
});

// A page that comes back from the browser's own cache can be sent again.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.ariaBusy = null;
});
